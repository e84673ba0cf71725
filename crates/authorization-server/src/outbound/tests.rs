use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use flows::messages::{Channel, GatewayError, Matter, Message, MessageGateway as _};
use identity_core::Timestamp;
use identity_core::secret::SecretBytes;

use super::*;
use crate::gateway::HttpGateway;

/// ATK-020: inner addresses in every spelling, inner schemes, and tricks on the way to them.
const HOSTILE: &str = "
https://127.0.0.1/
https://127.1/
https://127.0.0.1:8443/x
https://2130706433/
https://0x7f000001/
https://0177.0.0.1/
https://017700000001/
https://127.0.0.1./
https://0.0.0.0/
https://0/
https://10.0.0.1/
https://10.255.255.255/
https://100.64.0.1/
https://100.127.255.254/
https://169.254.169.254/latest/meta-data/
https://169.254.0.1/
https://172.16.0.1/
https://172.31.255.255/
https://192.0.0.1/
https://192.0.2.1/
https://192.168.1.1/
https://198.18.0.1/
https://198.19.255.255/
https://198.51.100.7/
https://203.0.113.7/
https://224.0.0.1/
https://239.255.255.250/
https://240.0.0.1/
https://255.255.255.255/
https://[::]/
https://[::1]/
https://[::ffff:127.0.0.1]/
https://[::ffff:10.0.0.1]/
https://[::127.0.0.1]/
https://[64:ff9b::7f00:1]/
https://[64:ff9b:1::1]/
https://[100::1]/
https://[fc00::1]/
https://[fd00:ec2::254]/
https://[fe80::1]/
https://[fec0::1]/
https://[ff02::1]/
https://[2001::1]/
https://[2001:db8::1]/
https://[2002:7f00:1::]/
https://[3fff::1]/
https://user@portal.example.vn/
https://user:pass@portal.example.vn/
https://portal.example.vn@127.0.0.1/
http://portal.example.vn/
http://8.8.8.8/
http://localhost/
ftp://portal.example.vn/
file:///etc/passwd
gopher://portal.example.vn/
data:text/plain,x
unix:/run/vneid.sock
//127.0.0.1/
not a url
";

fn guarded(exceptions: &[&str]) -> Outbound {
    Outbound::new(Exceptions::parse(exceptions.iter().copied()).unwrap()).unwrap()
}

fn loopback() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Answers one request with `answer` and says what was asked.
fn answering(answer: Vec<u8>) -> (u16, thread::JoinHandle<String>) {
    let (listener, port) = loopback();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let read = stream.read(&mut request).unwrap();
        // The client may hang up in the middle of a long answer.
        let _ = stream.write_all(&answer);
        String::from_utf8_lossy(&request[..read]).into_owned()
    });
    (port, server)
}

#[tokio::test]
async fn no_inner_address_is_called_however_it_is_written() {
    // ATK-020
    let outbound = guarded(&[]);
    let targets: Vec<_> = HOSTILE.lines().filter(|line| !line.is_empty()).collect();
    assert!(targets.len() >= 40);
    for target in targets {
        let refused = outbound.post_form(target, &[("logout_token", "x")]).await;
        assert!(matches!(refused, Err(OutboundError::Refused)), "{target}: {refused:?}");
    }
}

#[test]
fn names_are_judged_by_what_they_resolve_to() {
    // ATK-020: DNS names that lead inside
    let outer: SocketAddr = "8.8.8.8:0".parse().unwrap();
    let inner: SocketAddr = "10.0.0.1:0".parse().unwrap();
    assert_eq!(judged([outer].into_iter()).unwrap(), [outer]);
    assert!(judged([outer, inner].into_iter()).is_err());
    assert!(judged([].into_iter()).is_err());
    for public in ["1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2400:cb00::1"] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_by_the_resolver() {
    let (_listener, port) = loopback();
    let refused = guarded(&[]).post_form(&format!("https://localhost:{port}/"), &[]).await;
    assert!(matches!(refused, Err(OutboundError::Unreachable(_))), "{refused:?}");
}

#[tokio::test]
async fn an_exception_opens_one_port_of_one_host() {
    let (port, server) = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec());
    let outbound = guarded(&[&format!("localhost:{port}")]);
    let other = format!("http://localhost:{}/", port ^ 1);
    assert!(matches!(outbound.post_form(&other, &[]).await, Err(OutboundError::Refused)));
    let other = format!("http://127.0.0.1:{port}/");
    assert!(matches!(outbound.post_form(&other, &[]).await, Err(OutboundError::Refused)));
    let answer = outbound.post_form(&format!("http://localhost:{port}/"), &[("a", "b")]).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"ok"[..]));
    server.join().unwrap();
}

#[tokio::test]
async fn a_request_carries_the_trace_it_is_made_in() {
    // W3C Trace Context
    let (port, server) = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec());
    let place = http::HeaderValue::from_static("00-1-2-01");
    let outbound = guarded(&[&format!("localhost:{port}")]).tracing(Arc::new(move |headers| {
        headers.insert("traceparent", place.clone());
    }));
    outbound.post_form(&format!("http://localhost:{port}/"), &[("a", "b")]).await.unwrap();
    let request = server.join().unwrap();
    assert!(request.contains("\r\ntraceparent: 00-1-2-01\r\n"), "{request}");
    assert!(request.contains("application/x-www-form-urlencoded"), "{request}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    // ATK-020: redirect 302 to internal
    let redirect =
        b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
    let (port, server) = answering(redirect.to_vec());
    let outbound = guarded(&[&format!("localhost:{port}")]);
    let answer = outbound.post_form(&format!("http://localhost:{port}/"), &[]).await.unwrap();
    assert_eq!(answer.status, 302);
    server.join().unwrap();
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    // ATK-020: 10 GB body
    let mut endless = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    endless.resize(MAX_ANSWER * 4, b'x');
    let (port, server) = answering(endless);
    let outbound = guarded(&[&format!("localhost:{port}")]);
    let answer = outbound.post_form(&format!("http://localhost:{port}/"), &[]).await;
    assert!(matches!(answer, Err(OutboundError::TooLarge)));
    server.join().unwrap();
}

#[test]
fn exceptions_are_written_as_host_and_port() {
    assert!(Exceptions::parse(["localhost:8081", "[::1]:1"]).is_some());
    for wrong in ["localhost", ":80", "localhost:", "localhost:x", "http://localhost:80"] {
        assert!(Exceptions::parse([wrong]).is_none(), "{wrong}");
    }
}

#[tokio::test]
async fn a_message_is_handed_to_the_gateway_once_with_the_secret() {
    for (answer, taken) in [("204 No Content", true), ("500 Oops", false)] {
        let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
        let (port, server) = answering(answer.into_bytes());
        let url = Url::parse(&format!("http://localhost:{port}/send")).unwrap();
        let secret = SecretBytes::new(b"s3cret".to_vec());
        let gateway = HttpGateway::new(url, secret).unwrap();
        let message = Message::about(Matter::Recovered, Channel::Sms, "+84912345678");
        let sent = gateway.send(&message).await;
        assert_eq!(sent.is_ok(), taken, "{sent:?}");
        let request = server.join().unwrap();
        assert!(request.starts_with("POST /send "), "{request}");
        assert!(request.contains("authorization: Bearer s3cret\r\n"), "{request}");
        // The server takes one connection: a second attempt would have been refused, and reported so.
        assert!(!matches!(sent, Err(GatewayError::Unreachable(_))), "{sent:?}");
    }
}

#[tokio::test]
async fn what_the_operator_says_of_a_number_is_read_strictly() {
    let long_ago = Some(Timestamp::from_unix_seconds(1_795_312_800));
    let cases: [(&str, Option<Option<Timestamp>>); 6] = [
        (r#"{"moved_at":null}"#, Some(None)),
        (r#"{"moved_at":1795312800,"operator":"x"}"#, Some(long_ago)),
        (r#"{"moved_at":"yesterday"}"#, None),
        (r#"{"moved_at":1.5}"#, None),
        ("{}", None),
        ("", None),
    ];
    for (body, read) in cases {
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let (port, server) = answering(answer.into_bytes());
        let url = |path: &str| Url::parse(&format!("http://localhost:{port}/{path}")).unwrap();
        let secret = SecretBytes::new(b"s3cret".to_vec());
        let gateway = HttpGateway::new(url("send"), secret).unwrap().asking(url("sim")).unwrap();
        let moved_at = gateway.moved_at("+84912345678").await;
        assert_eq!(moved_at.as_ref().ok().copied(), read, "{body}: {moved_at:?}");
        let request = server.join().unwrap();
        assert!(request.starts_with("POST /sim "), "{request}");
        assert!(request.contains("authorization: Bearer s3cret\r\n"), "{request}");
    }
    let silent = Url::parse("http://localhost:1/send").unwrap();
    let gateway = HttpGateway::new(silent, SecretBytes::new(b"s".to_vec())).unwrap();
    assert_eq!(gateway.moved_at("+84912345678").await.ok(), Some(None), "nobody is asked");
}
