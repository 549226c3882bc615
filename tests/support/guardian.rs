//! A guardian's RPC socket, as far as the signing server sees it. Written from docs/formats.md, with no code of the kit.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// What a guardian does that wants to keep the kit busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    /// Says at once that there is no request.
    Impatient,
    /// Closes after the last question about what it remembers.
    Closing,
    /// Announces an answer that is too long.
    Oversized,
}

#[derive(Default)]
struct State {
    queue: Vec<Value>,
    answers: Vec<Value>,
    heads: Vec<Value>,
    /// What it remembers of the operator, by what is asked for.
    remembered: serde_json::Map<String, Value>,
    hellos: usize,
    /// Calls of `pending`.
    fetches: usize,
    trick: Option<Trick>,
    /// How it answers `hello`, if not as it should.
    hello: Option<Value>,
    streams: Vec<UnixStream>,
    closed: bool,
}

/// Listens until dropped.
pub struct FakeGuardian {
    path: PathBuf,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl FakeGuardian {
    /// A guardian of `operator_id` at this path.
    pub fn listen(path: &Path, operator_id: &str) -> Self {
        let _ = std::fs::remove_file(path);
        let listener = UnixListener::bind(path).unwrap();
        let shared = Arc::new((Mutex::new(State::default()), Condvar::new()));
        let (accepting, operator_id) = (Arc::clone(&shared), operator_id.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut state = accepting.0.lock().unwrap();
                if state.closed {
                    return;
                }
                state.streams.push(stream.try_clone().unwrap());
                drop(state);
                let (shared, operator_id) = (Arc::clone(&accepting), operator_id.clone());
                std::thread::spawn(move || serve(stream, &shared, &operator_id));
            }
        });
        Self {
            path: path.to_owned(),
            shared,
        }
    }

    /// Puts a request into the queue.
    pub fn ask(&self, request: &Value) {
        self.shared.0.lock().unwrap().queue.push(request.clone());
        self.shared.1.notify_all();
    }

    /// How many requests wait in the queue.
    pub fn waiting(&self) -> usize {
        self.shared.0.lock().unwrap().queue.len()
    }

    /// All answers to a request so far.
    pub fn answers(&self, request: &Value) -> Vec<Value> {
        let state = self.shared.0.lock().unwrap();
        let of = state
            .answers
            .iter()
            .filter(|answer| answer["id"] == request["id"]);
        of.cloned().collect()
    }

    /// Signed heads that were left here.
    pub fn heads(&self) -> Vec<Value> {
        self.shared.0.lock().unwrap().heads.clone()
    }

    /// Connections that said hello.
    pub fn hellos(&self) -> usize {
        self.shared.0.lock().unwrap().hellos
    }

    /// How often it was called: connections that said hello, and calls for requests.
    pub fn calls(&self) -> usize {
        let state = self.shared.0.lock().unwrap();
        state.hellos + state.fetches
    }

    pub fn play(&self, trick: Trick) {
        self.shared.0.lock().unwrap().trick = Some(trick);
    }

    pub fn remember(&self, of: &str, known: Value) {
        self.shared.0.lock().unwrap().remembered.insert(of.into(), known);
    }

    /// Answers `hello` with this instead.
    pub fn say(&self, hello: Value) {
        self.shared.0.lock().unwrap().hello = Some(hello);
    }

    /// Breaks all connections; the queue stays.
    pub fn break_connections(&self) {
        for stream in self.shared.0.lock().unwrap().streams.drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

impl Drop for FakeGuardian {
    fn drop(&mut self) {
        self.break_connections();
        self.shared.0.lock().unwrap().closed = true;
        self.shared.1.notify_all();
        let _ = UnixStream::connect(&self.path);
        let _ = std::fs::remove_file(&self.path);
    }
}

fn read_frame(stream: &mut UnixStream) -> Option<Value> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let length = u32::from_be_bytes(length) as usize;
    assert!((1..=65_536).contains(&length), "a frame of {length} bytes");
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn write_frame(stream: &Mutex<UnixStream>, value: &Value) {
    let json = value.to_string();
    let length = u32::try_from(json.len()).unwrap();
    let bytes = [&length.to_be_bytes()[..], json.as_bytes()].concat();
    // Who broke the connection does not read.
    let _ = stream.lock().unwrap().write_all(&bytes);
}

fn serve(mut stream: UnixStream, shared: &Arc<(Mutex<State>, Condvar)>, operator_id: &str) {
    let writer = Arc::new(Mutex::new(stream.try_clone().unwrap()));
    let mut greeted = false;
    while let Some(call) = read_frame(&mut stream) {
        let (id, params) = (call["id"].clone(), call["params"].clone());
        let method = call["method"].as_str().unwrap();
        assert!(greeted || method == "hello", "{method} before hello");
        let mut state = shared.0.lock().unwrap();
        let result = match method {
            "hello" => {
                greeted = true;
                state.hellos += 1;
                assert_eq!(params["operator_id"], operator_id);
                let usual = json!({ "version": 1, "program": "0.0.1", "operator_id": operator_id });
                state.hello.clone().unwrap_or(usual)
            }
            "answer" => {
                // Only a signature takes a request out of the queue.
                if params["status"] == 200 {
                    state.queue.retain(|request| request["id"] != params["id"]);
                }
                state.answers.push(params);
                json!({})
            }
            "head" => {
                let known = state.remembered.get(params["of"].as_str().unwrap());
                json!({ "known": known })
            }
            "leave-head" => {
                state.heads.push(params["head"].clone());
                json!({})
            }
            "pending" if state.trick == Some(Trick::Impatient) => {
                state.fetches += 1;
                json!({ "requests": [] })
            }
            "pending" if state.trick == Some(Trick::Oversized) => {
                state.fetches += 1;
                let _ = stream.write_all(&u32::MAX.to_be_bytes());
                continue;
            }
            "pending" if state.trick == Some(Trick::Closing) => return,
            "pending" => {
                state.fetches += 1;
                drop(state);
                let (shared, writer) = (Arc::clone(shared), Arc::clone(&writer));
                std::thread::spawn(move || {
                    let requests = wait(&shared, &params);
                    write_frame(&writer, &json!({ "id": id, "result": { "requests": requests } }));
                });
                continue;
            }
            other => panic!("unknown method {other}"),
        };
        drop(state);
        write_frame(&writer, &json!({ "id": id, "result": result }));
    }
}

/// As many requests as fit into a frame, of those that the kit does not know.
fn wait(shared: &(Mutex<State>, Condvar), params: &Value) -> Vec<Value> {
    let known = params["known"].as_array().unwrap();
    let time = Duration::from_secs(params["wait"].as_u64().unwrap());
    let fresh = |state: &State| {
        let mut room = 60_000;
        let unknown = state
            .queue
            .iter()
            .filter(|request| !known.contains(&request["id"]));
        unknown
            .take_while(|request| {
                let length = request.to_string().len();
                let fits = length <= room;
                room = room.saturating_sub(length);
                fits
            })
            .cloned()
            .collect::<Vec<_>>()
    };
    let state = shared.0.lock().unwrap();
    let (state, _) = shared
        .1
        .wait_timeout_while(state, time, |state| fresh(state).is_empty() && !state.closed)
        .unwrap();
    fresh(&state)
}
