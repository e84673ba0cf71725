//! `make bench`: everything, or what `--only` names.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bench::baseline::{self, AnswerSizes};
use bench::database::Database;
use bench::ground::{Ground, Process, free_port};
use bench::load::Span;
use bench::plot;
use bench::report::Report;
use bench::scenario::{self, Effort, Field, NAMES};
use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measures the provider against the least a server could do")]
struct Cli {
    #[command(subcommand)]
    command: Option<Role>,
    #[command(flatten)]
    plan: Plan,
}

#[derive(Subcommand)]
enum Role {
    /// The bare handlers; started by the bench itself
    Baseline {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        database: String,
        #[command(flatten)]
        sizes: AnswerSizes,
    },
}

#[derive(Args)]
struct Plan {
    /// Scenarios to measure, separated by commas; all by default
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Rounds of ours and baseline in turns
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds measured in each half of a round
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    #[arg(long, default_value_t = 10_000)]
    subjects: u64,
    #[arg(long, default_value_t = 50_000)]
    grants: u64,
    /// Where results.json and results.svg go
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
}

fn main() {
    let cli = Cli::parse();
    match cli.command {
        Some(Role::Baseline { listen, database, sizes }) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                baseline::run(listen, Database::open(&database).await, sizes).await;
            });
        }
        None => measure(&cli.plan),
    }
}

fn measure(plan: &Plan) {
    let binary = std::env::current_exe().expect("a path").with_file_name("vneid");
    assert!(binary.exists(), "build it first: cargo build --release -p vneid");
    let mut report = Report::here(plan.subjects);
    let embedded = Ground::prepare(
        "embedded",
        "sqlite = \"vneid.db\"",
        &binary,
        plan.subjects,
        plan.grants,
    );
    on(&embedded, &format!("sqlite:{}", embedded.path("bare.db").display()), plan, &mut report);
    publish(&report, &plan.out);
}

/// Every wanted scenario over one pair of stores.
fn on(ground: &Ground, database: &str, plan: &Plan, report: &mut Report) {
    let provider = ground.serve();
    let baseline = serve_baseline(ground, database, scenario::answer_sizes(ground, &provider));
    let span = Span {
        warm_up: Duration::from_millis(500),
        measured: Duration::from_secs_f64(plan.seconds),
    };
    let effort = Effort { rounds: plan.rounds, span };
    let field = Field { ground, provider: &provider, baseline: &baseline, effort };
    let wanted = |name: &&&str| plan.only.is_empty() || plan.only.iter().any(|only| only == *name);
    for name in NAMES.iter().filter(wanted) {
        for line in scenario::measure(name, &field) {
            eprintln!("{}", line.row());
            report.lines.push(line);
        }
    }
}

fn serve_baseline(ground: &Ground, database: &str, sizes: AnswerSizes) -> Process {
    let port = free_port();
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command.args(["baseline", "--database", database]);
    command.arg("--listen").arg(format!("127.0.0.1:{port}"));
    for (name, size) in sizes.named() {
        command.arg(format!("--{name}")).arg(size.to_string());
    }
    Process::start(command, port, &ground.path("baseline.log"))
}

fn publish(report: &Report, out: &Path) {
    println!("{}", report.table());
    fs::create_dir_all(out).expect("a directory for the results");
    let json = serde_json::to_string_pretty(report).expect("results are JSON");
    fs::write(out.join("results.json"), json).expect("results.json");
    fs::write(out.join("results.svg"), plot::svg(report)).expect("results.svg");
    println!("{} missed; results.json and results.svg in {}", report.missed(), out.display());
}
