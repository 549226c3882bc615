use std::io::{self, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::answer::{answer, error};
use super::fault::Fault;
use super::state::{State, lock};
use super::wire::{Answer, Request};

/// Accepts connections until it is dropped; then they all end.
pub struct Server {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    acceptor: Option<JoinHandle<()>>,
}

impl Server {
    /// `None` where the address is not of this machine.
    pub fn start(address: &str, state: Arc<Mutex<State>>) -> Option<Self> {
        let listener = TcpListener::bind(address).ok()?;
        let address = listener.local_addr().unwrap();
        let (ended, open) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let (stop, connections) = (Arc::clone(&ended), Arc::clone(&open));
        let acceptor = thread::spawn(move || accept(&listener, &state, &stop, &connections));
        Some(Self {
            address,
            ended,
            open,
            acceptor: Some(acceptor),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which is waiting for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn accept(
    listener: &TcpListener,
    state: &Arc<Mutex<State>>,
    ended: &AtomicBool,
    open: &Mutex<Vec<TcpStream>>,
) {
    for stream in listener.incoming() {
        if ended.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        // Answers are written in one piece: waiting for more would only slow the benches.
        let _ = stream.set_nodelay(true);
        open.lock().unwrap().extend(stream.try_clone());
        let state = Arc::clone(state);
        // A client that goes away in the middle is what many tests are about.
        thread::spawn(move || {
            let _ = serve(stream, &state);
        });
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let address = stream.local_addr()?;
    let mut output = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    while let Some(request) = Request::read(&mut input)? {
        let (answer, fault) = {
            let mut state = lock(state);
            state.requests.push(request.clone());
            let fault = state.fault(&request.path);
            (answer(&mut state, &request, address), fault)
        };
        let goes_on = match fault {
            None => {
                answer.send(&mut output, &request.method)?;
                true
            }
            Some(fault) => misbehave(&mut output, &request.method, answer, fault)?,
        };
        if !goes_on {
            return output.shutdown(Shutdown::Both);
        }
    }
    Ok(())
}

/// Sends an answer with a fault; whether the connection goes on.
fn misbehave(output: &mut TcpStream, method: &str, mut answer: Answer, fault: Fault) -> io::Result<bool> {
    match fault {
        Fault::Status(status) => answer = error(status, "UNKNOWN"),
        Fault::Answer {
            status,
            headers,
            body,
        } => {
            answer = Answer::new(status, body);
            for (name, value) in headers {
                answer.headers.push((name.to_owned(), value));
            }
        }
        Fault::Html(status) => {
            answer = Answer::new(status, "<!DOCTYPE html><title>Welcome to our network</title>")
                .with("Content-Type", "text/html; charset=utf-8");
        }
        Fault::Redirect(to) => answer = Answer::new(307, "").with("Location", to),
        Fault::RateLimited(wait) => {
            answer = error(429, "TOOMANYREQUESTS").with("Retry-After", wait.unwrap_or_default());
        }
        Fault::OtherBytes(bytes) => answer.body = bytes,
        Fault::Header(name, value) => answer.set(name, value),
        Fault::Drip(pause) => {
            for byte in [answer.head(Some(answer.body.len())), answer.body].concat() {
                output.write_all(&[byte])?;
                thread::sleep(pause);
            }
            return Ok(true);
        }
        Fault::Silent => {
            // Ends with the connection, which the server closes when it is dropped.
            let mut nothing = [0];
            while io::Read::read(output, &mut nothing)? > 0 {}
            return Ok(false);
        }
        Fault::Truncated(length) => {
            output.write_all(&answer.head(Some(answer.body.len())))?;
            output.write_all(&answer.body[..length.min(answer.body.len())])?;
            return Ok(false);
        }
        Fault::Closed => return Ok(false),
        Fault::WrongLength(by) => {
            output.write_all(&answer.head(Some(answer.body.len().saturating_add_signed(by))))?;
            output.write_all(&answer.body)?;
            return Ok(false);
        }
        Fault::Endless => {
            output.write_all(&answer.with("Transfer-Encoding", "chunked").head(None))?;
            let chunk = [b"10000\r\n".as_slice(), &vec![b' '; 0x10000], b"\r\n"].concat();
            loop {
                output.write_all(&chunk)?;
            }
        }
        Fault::NotHttp => {
            output.write_all(b"220 mail.example ESMTP\r\n\r\n")?;
            return Ok(false);
        }
    }
    answer.send(output, method)?;
    Ok(true)
}
