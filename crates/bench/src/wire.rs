//! A connection that is kept, and the least of HTTP/1.1 that reads an answer: what the generator
//! spends, the servers that are measured cannot use.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Wire {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// One answer, in the wire's own buffer.
pub struct Answer<'a> {
    pub status: u16,
    /// Status line and headers.
    pub head: &'a str,
    pub body: &'a [u8],
}

impl Answer<'_> {
    /// The first header of this name. Servers of ours write names in lower case.
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers(name).next()
    }

    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.head.lines().skip(1).filter_map(move |line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(self.body).unwrap_or_default()
    }
}

impl Wire {
    pub fn to(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: Vec::with_capacity(64 * 1024) }
    }

    /// Sends a whole request and reads the whole answer. After an error the next call connects anew.
    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        match self.try_exchange(request) {
            Ok((status, head, end)) => Ok(Answer {
                status,
                head: std::str::from_utf8(&self.buffer[..head]).unwrap_or_default(),
                body: &self.buffer[head..end],
            }),
            Err(error) => {
                self.stream = None;
                Err(error)
            }
        }
    }

    fn try_exchange(&mut self, request: &[u8]) -> io::Result<(u16, usize, usize)> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                none.insert(stream)
            }
        };
        stream.write_all(request)?;
        self.buffer.clear();
        let mut chunk = [0; 16 * 1024];
        let mut ends: Option<(u16, usize, usize)> = None;
        loop {
            let read = stream.read(&mut chunk)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let searched = self.buffer.len().saturating_sub(3);
            self.buffer.extend_from_slice(&chunk[..read]);
            if ends.is_none() {
                ends = head(&self.buffer, searched)?;
            }
            if let Some((status, head, end)) = ends
                && self.buffer.len() >= end
            {
                return Ok((status, head, end));
            }
        }
    }
}

/// Status, end of the head, end of the body, once the head is complete.
fn head(buffer: &[u8], from: usize) -> io::Result<Option<(u16, usize, usize)>> {
    let Some(at) = buffer[from..].windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let end = from + at + 4;
    let broken = || io::Error::from(io::ErrorKind::InvalidData);
    let text = std::str::from_utf8(&buffer[..end]).map_err(|_| broken())?;
    let status: u16 = text.get(9..12).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
    let length = text
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, value)| value.trim().parse::<usize>().map_err(|_| broken()))
        .transpose()?;
    Ok(Some((status, end, end + length.unwrap_or(0))))
}

/// A form as a client sends it, ready to be written again and again.
pub fn post(path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Vec<u8> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let length = body.len().to_string();
    let mut all = headers.to_vec();
    all.extend([
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-length", length.as_str()),
    ]);
    request("POST", path, &all, &body)
}

pub fn get(path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    request("GET", path, headers, "")
}

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        text.extend([*name, ": ", *value, "\r\n"]);
    }
    text.extend(["\r\n", body]);
    text.into_bytes()
}
