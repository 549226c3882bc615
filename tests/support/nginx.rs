//! nginx as people run it before a guardian: it ends TLS, with a certificate of its own authority.

use std::process::{Child, Command, Stdio};

use super::{Home, needs, starts};

/// Ends with the value.
pub struct Nginx {
    child: Child,
}

/// The authority's certificate, below the folder of the home.
pub const AUTHORITY: &str = "ca.pem";

impl Nginx {
    /// Whether it can be had here; see [`needs`].
    #[track_caller]
    pub fn is_here() -> bool {
        needs("NGINX", "nginx and openssl", || {
            starts("nginx", "-v") && starts("openssl", "version")
        })
    }

    /// Listens on each first port for TLS, and passes on to the second one, saying for whom.
    #[track_caller]
    pub fn start(home: &Home, ports: &[(u16, u16)]) -> Self {
        make_certificates(home);
        let servers: String = ports
            .iter()
            .map(|(listen, to)| {
                format!(
                    "server {{ listen 127.0.0.1:{listen} ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem; \
                     location / {{ proxy_pass http://127.0.0.1:{to}; proxy_set_header Host $host; \
                     proxy_set_header X-Forwarded-For $remote_addr; }} }} "
                )
            })
            .collect();
        let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {name}; "))
            .concat();
        let config = format!(
            "daemon off; master_process off; error_log stderr; pid nginx.pid; events {{}} \
             http {{ access_log access.log; {temp} {servers} }}"
        );
        home.write("nginx.conf", config);
        let folder = home.path("");
        let child = Command::new("nginx")
            .args(["-e", "stderr", "-p", folder.to_str().unwrap(), "-c", "nginx.conf"])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(home.path("nginx.err")).unwrap())
            .spawn()
            .unwrap();
        Self { child }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn make_certificates(home: &Home) {
    home.write("names", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    let key = ["-newkey", "rsa:2048", "-nodes"];
    let openssl = |arguments: &[&str]| {
        let made = Command::new("openssl")
            .args(arguments)
            .current_dir(home.path(""))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let authority = [
        "req",
        "-x509",
        "-days",
        "1",
        "-subj",
        "/CN=authority",
        "-keyout",
        "ca.key",
        "-out",
        AUTHORITY,
    ];
    openssl(&[&authority[..], &key].concat());
    let request = [
        "req",
        "-subj",
        "/CN=localhost",
        "-keyout",
        "key.pem",
        "-out",
        "request.pem",
    ];
    openssl(&[&request[..], &key].concat());
    openssl(&[
        "x509",
        "-req",
        "-days",
        "1",
        "-in",
        "request.pem",
        "-CA",
        AUTHORITY,
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-extfile",
        "names",
        "-out",
        "cert.pem",
    ]);
}
