//! nginx or HAProxy as `deploy/` configures them, moved to free ports and a throw-away certificate.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use testkit::{free_port, until};

use super::{text, which};

/// The name that the shipped configurations stand for.
const NAME: &str = "id.example.vn";

/// Where the nodes of each role listen.
#[derive(Clone, Copy)]
pub struct Nodes {
    pub authorization: u16,
    pub introspection: u16,
}

/// A running proxy; killed when dropped.
pub struct Front {
    pub port: u16,
    pub plain_port: u16,
    pub http: reqwest::Client,
    pub directory: TempDir,
    child: Child,
}

/// How HAProxy reaches the nodes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hop {
    /// As shipped: TLS, the node's certificate verified.
    Tls,
    Plain,
}

/// A certificate for `localhost`, its key, and both in one file.
pub fn certificate(directory: &Path) {
    let path = |name: &str| directory.join(name).display().to_string();
    // Without a file of ours openssl would make an authority, and no server may be one.
    let extensions = "[req]\ndistinguished_name = name\nx509_extensions = server\n[name]\n[server]\n\
                      subjectAltName = DNS:localhost\nbasicConstraints = critical, CA:FALSE\n";
    std::fs::write(directory.join("openssl.cnf"), extensions).expect("written");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=localhost", "-config", &path("openssl.cnf")])
        .args(["-keyout", &path("key.pem"), "-out", &path("fullchain.pem")])
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let read = |name: &str| std::fs::read_to_string(directory.join(name)).expect("a file");
    let both = read("fullchain.pem") + &read("key.pem");
    std::fs::write(directory.join("id.example.vn.pem"), both).expect("written");
    std::fs::write(directory.join("nodes-ca.pem"), read("fullchain.pem")).expect("written");
}

impl Front {
    /// `directory` holds the [`certificate`].
    pub async fn nginx(directory: TempDir, port: u16, nodes: Nodes) -> Self {
        let plain_port = free_port();
        let here = directory.path().display().to_string();
        let moved = |name: &str| {
            text(&format!("nginx/{name}"))
                .replace("/etc/nginx/vneid/", &format!("{here}/"))
                .replace("/etc/nginx/tls/", &format!("{here}/"))
                .replace("/var/log/nginx/", &format!("{here}/"))
                .replace("listen 443 ", &format!("listen 127.0.0.1:{port} "))
                .replace("listen 80 ", &format!("listen 127.0.0.1:{plain_port} "))
                .replace("127.0.0.1:8080", &format!("127.0.0.1:{}", nodes.authorization))
                .replace("127.0.0.1:8090", &format!("127.0.0.1:{}", nodes.introspection))
                // A test cannot wait for ten seconds.
                .replace("client_header_timeout 10s", "client_header_timeout 1s")
                .replace(NAME, "localhost")
        };
        for name in ["vneid.conf", "headers.conf", "limits.conf", "upstreams.conf"] {
            std::fs::write(directory.path().join(name), moved(name)).expect("written");
        }
        let main = format!(
            "daemon off; master_process off; pid {here}/pid; error_log {here}/error.log;\n\
             events {{}} http {{\n\
             client_body_temp_path {here}/body; proxy_temp_path {here}/proxy;\n\
             fastcgi_temp_path {here}/f; uwsgi_temp_path {here}/u; scgi_temp_path {here}/s;\n\
             include {here}/vneid.conf;\n}}"
        );
        std::fs::write(directory.path().join("nginx.conf"), main).expect("written");
        let nginx = which("nginx").expect("tests/services.sh installs nginx");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(nginx);
        command.args(["-p", &here, "-c", &format!("{here}/nginx.conf"), "-e", "stderr"]);
        Self::start(command, directory, port, plain_port).await
    }

    /// `health` answers for both nodes.
    pub async fn haproxy(
        directory: TempDir,
        port: u16,
        nodes: Nodes,
        hop: Hop,
        health: u16,
    ) -> Self {
        let plain_port = free_port();
        let here = directory.path().display().to_string();
        let [tls, plain] = ["ssl verify required ca-file", "no-ssl verify none ca-file"];
        let configuration = text("haproxy/haproxy.cfg")
            // Not as root, and within what a test may open.
            .replace("    user haproxy\n    group haproxy\n", "")
            .replace("maxconn 50000", "maxconn 500")
            .replace("/etc/haproxy/tls/", &format!("{here}/"))
            .replace("bind :443 ", &format!("bind 127.0.0.1:{port} "))
            .replace("bind :80", &format!("bind 127.0.0.1:{plain_port}"))
            .replace("10.0.1.11:8443", &format!("127.0.0.1:{}", nodes.authorization))
            .replace("10.0.1.12:8443", &format!("127.0.0.1:{}", nodes.authorization))
            .replace("10.0.1.21:8443", &format!("127.0.0.1:{}", nodes.introspection))
            .replace("10.0.1.22:8443", &format!("127.0.0.1:{}", nodes.introspection))
            .replace("check port 9090 ", &format!("check port {health} "))
            .replace(tls, if hop == Hop::Tls { tls } else { plain })
            .replace("inter 1s", "inter 100ms")
            .replace("/id.example.vn.pem", "/one-file.pem")
            .replace(NAME, "localhost");
        std::fs::write(directory.path().join("haproxy.cfg"), configuration).expect("written");
        std::fs::rename(
            directory.path().join("id.example.vn.pem"),
            directory.path().join("one-file.pem"),
        )
        .expect("moved");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(which("haproxy").expect("it is there"));
        command.args(["-db", "-f", &format!("{here}/haproxy.cfg")]);
        Self::start(command, directory, port, plain_port).await
    }

    async fn start(mut command: Command, directory: TempDir, port: u16, plain_port: u16) -> Self {
        let log = std::fs::File::create(directory.path().join("said")).expect("a file");
        let errors = log.try_clone().expect("a handle");
        let child = command.stdin(Stdio::null()).stdout(log).stderr(errors).spawn();
        let mut child = child.expect("setpriv is installed");
        let said = || std::fs::read_to_string(directory.path().join("said")).unwrap_or_default();
        until("the proxy listens", || {
            assert!(child.try_wait().expect("a child").is_none(), "{}", said());
            std::future::ready(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok())
        })
        .await;
        let pem = std::fs::read(directory.path().join("fullchain.pem")).expect("a certificate");
        let authority = reqwest::Certificate::from_pem(&pem).expect("PEM");
        let http = reqwest::Client::builder()
            .add_root_certificate(authority)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()
            .expect("a client");
        Self { port, plain_port, http, directory, child }
    }

    pub fn issuer(&self) -> String {
        format!("https://localhost:{}", self.port)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // An error: it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
