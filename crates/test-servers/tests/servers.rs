//! The servers that tests start: there when asked for, gone with whoever started them.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use test_servers::postgres::Durability;
use test_servers::{Lifeline, Postgres, Proxy, Redis, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn servers_are_there_within_two_seconds_and_their_ports_are_free_again() {
    let begun = Instant::now();
    let (postgres, redis) = (Postgres::start(Durability::ThrowAway), Redis::start());
    let took = begun.elapsed();
    assert_eq!(postgres.psql("SELECT 1 + 1"), "2");
    assert_eq!(redis.cli(&["PING"]), "PONG");
    println!("PostgreSQL and Redis started in {took:?}");
    let ports = [postgres.port, redis.port];
    drop((postgres, redis));
    assert!(!ports.into_iter().any(listens));
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own_like_one_template() {
    let server = Postgres::shared();
    let migrate = async |url: String| {
        let name = url.rsplit('/').next().expect("a name");
        server.psql_in(name, "CREATE TABLE made (by_migration text)");
    };
    let one = server.fresh_database(migrate).await;
    let other = server.fresh_database(async |_| panic!("the template is made once")).await;
    one.psql("INSERT INTO made VALUES ('one')");
    assert_eq!(other.psql("SELECT count(*) FROM made"), "0");
    assert_eq!(server.empty_database().psql("SELECT to_regclass('made') IS NULL"), "t");
    let (url, name) = (one.url(), one.psql("SELECT current_database()"));
    assert!(url.ends_with(&name));
    drop(one);
    let left = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(server.psql(&left), "0");
}

#[test]
fn a_killed_server_comes_back_with_what_was_committed() {
    let server = Postgres::start(Durability::Real);
    server.psql("CREATE TABLE kept (id int)");
    server.psql("INSERT INTO kept VALUES (1)");
    server.kill_9();
    assert!(!listens(server.port));
    server.restart();
    assert_eq!(server.psql("SELECT count(*) FROM kept"), "1");
    server.stop();
    assert!(!listens(server.port));

    let redis = Redis::start();
    redis.cli(&["SET", "key", "value"]);
    redis.kill_9();
    assert!(!listens(redis.port));
    redis.restart();
    assert_eq!(redis.cli(&["DBSIZE"]), "0");
}

#[test]
fn a_synchronous_standby_takes_over_with_everything_that_was_acknowledged() {
    let primary = Postgres::start(Durability::Real);
    primary.psql("CREATE TABLE kept (id int)");
    let standby = primary.with_synchronous_standby();
    primary.psql("INSERT INTO kept VALUES (1)");
    primary.kill_9();
    standby.promote();
    standby.psql("INSERT INTO kept VALUES (2)");
    assert_eq!(standby.psql("SELECT count(*) FROM kept"), "2");
}

#[test]
fn a_backup_is_restored_to_the_moment_asked_for() {
    let server = Postgres::start(Durability::Real);
    server.psql("CREATE TABLE kept (id int)");
    let backup = server.backup();
    server.psql("INSERT INTO kept VALUES (1)");
    let target = server.clock();
    server.psql("INSERT INTO kept VALUES (2)");
    server.archive_log();
    let restored = Postgres::restored(&backup, &target);
    assert_eq!(restored.psql("SELECT id FROM kept"), "1");
    restored.psql("INSERT INTO kept VALUES (3)");
}

#[tokio::test]
async fn a_network_can_be_cut_silenced_and_pointed_elsewhere() {
    let servers = [Redis::start(), Redis::start()];
    let proxy = Proxy::to(servers[0].port).await;
    servers[0].cli(&["SET", "name", "0"]);
    servers[1].cli(&["SET", "name", "1"]);
    let mut stream = connect(&proxy).await;
    assert_eq!(ask(&mut stream).await.as_deref(), Some("0"));

    proxy.silence();
    assert!(tokio::time::timeout(Duration::from_millis(100), ask(&mut stream)).await.is_err());
    proxy.point_at(servers[1].port);
    assert_eq!(ask(&mut stream).await, None, "the old connection does not lead there");
    let mut stream = connect(&proxy).await;
    assert_eq!(ask(&mut stream).await.as_deref(), Some("1"));

    proxy.cut();
    assert_eq!(ask(&mut stream).await, None);
    assert_eq!(ask(&mut connect(&proxy).await).await, None);
}

async fn connect(proxy: &Proxy) -> tokio::net::TcpStream {
    tokio::net::TcpStream::connect(("127.0.0.1", proxy.port)).await.expect("it listens")
}

/// What Redis answers to `GET name`; `None` when the connection has gone.
async fn ask(stream: &mut tokio::net::TcpStream) -> Option<String> {
    stream.write_all(b"GET name\r\n").await.ok()?;
    let mut answer = [0; 64];
    let count = stream.read(&mut answer).await.ok().filter(|&count| count > 0)?;
    Some(String::from_utf8_lossy(&answer[..count]).lines().nth(1)?.to_owned())
}

#[test]
fn a_process_that_was_waited_for_is_left_alone_and_its_number_with_it() {
    let mut process = Command::new("sleep").arg("600").spawn().expect("sleep starts");
    let lifeline = Lifeline::of(process.id());
    drop(lifeline);
    assert!(process.try_wait().expect("a child").is_none(), "letting go ends nobody");
    process.kill().expect("SIGKILL");
    process.wait().expect("gone");
}

#[tokio::test]
async fn servers_end_with_a_test_that_is_killed() {
    let mut child = Command::new(std::env::current_exe().expect("a path"))
        .args(["--ignored", "--exact", "--nocapture", "helper_starts_servers_and_waits"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test again");
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let line = stdout
        .lines()
        .map_while(Result::ok)
        .find_map(|line| Some(line.split_once("started:")?.1.to_owned()));
    let line = line.expect("it tells what it started");
    let mut words = line.split(' ');
    let ports: Vec<u16> = words.by_ref().take(2).map(|word| word.parse().unwrap()).collect();
    let bystander = Path::new("/proc").join(words.next().expect("a process")).join("cmdline");
    // A zombie has no command line any more.
    let runs = || std::fs::read(&bystander).is_ok_and(|words| !words.is_empty());
    let directory = Path::new(words.next().expect("a directory"));
    assert!(ports.iter().copied().all(listens) && directory.is_dir() && runs());
    child.kill().expect("SIGKILL");
    child.wait().expect("gone");
    until("the servers are gone", || async {
        !ports.iter().copied().any(listens) && !directory.exists() && !runs()
    })
    .await;
}

#[test]
#[ignore = "run by servers_end_with_a_test_that_is_killed, in a process of its own"]
fn helper_starts_servers_and_waits() {
    let (postgres, redis) = (Postgres::shared(), Redis::shared());
    let socket = redis.socket();
    let directory = socket.parent().expect("a directory").display();
    let bystander = Command::new("sleep").arg("600").spawn().expect("sleep starts").id();
    let _lifeline = Lifeline::of(bystander);
    println!("started:{} {} {bystander} {directory}", postgres.port, redis.port);
    // Until we are killed, or whoever started us is.
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("a pipe");
}
