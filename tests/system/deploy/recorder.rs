//! A node that writes down what reaches it, byte for byte.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nrecorded\n";

/// Listens until the test ends.
pub struct Recorder {
    pub port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<&'static str>>,
}

impl Recorder {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let recorder = Self { port, requests: Arc::default(), answer: Arc::new(Mutex::new(OK)) };
        let (requests, answer) = (Arc::clone(&recorder.requests), Arc::clone(&recorder.answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                tokio::spawn(async move {
                    if let Some(request) = answered(stream, &answer).await {
                        requests.lock().expect("unpoisoned").push(request);
                    }
                });
            }
        });
        recorder
    }

    /// From now on, what it is asked is refused.
    pub fn refuse(&self) {
        *self.answer.lock().expect("unpoisoned") =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    }

    /// Heads of the requests so far, in small letters.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("unpoisoned").clone()
    }
}

/// The head of one request; its body is left where it is.
async fn answered(mut stream: TcpStream, answer: &Mutex<&'static str>) -> Option<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => head.extend_from_slice(&part[..read]),
        }
    }
    let answer = *answer.lock().expect("unpoisoned");
    stream.write_all(answer.as_bytes()).await.ok()?;
    Some(String::from_utf8_lossy(&head).to_ascii_lowercase())
}
