//! `make bench`: everything, or what `--only` names.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use bench::baseline::{self, AnswerSizes};
use bench::database::Database;
use bench::ground::{Ground, Process, Stores, free_port};
use bench::load::Span;
use bench::plot;
use bench::report::Report;
use bench::scenario::{self, Effort, Field, NAMES};
use clap::{Args, Parser, Subcommand};

/// The provider's, so that the baseline has it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    /// embedded, production, or both
    #[arg(long, value_delimiter = ',')]
    stores: Vec<String>,
    /// People in the large database
    #[arg(long, default_value_t = 200_000)]
    subjects: u64,
    /// Grants in the large database
    #[arg(long, default_value_t = 1_000_000)]
    grants: u64,
    /// Minutes of steady logins while memory is watched
    #[arg(long, default_value_t = 0)]
    soak_minutes: u64,
    /// Where results.json and results.svg go
    #[arg(long, default_value = "target/bench")]
    out: PathBuf,
}

/// People and grants in the small databases.
const SMALL: (u64, u64) = (10_000, 50_000);

impl Plan {
    fn wants(&self, scenario: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == scenario)
    }

    fn wants_stores(&self, stores: &str) -> bool {
        self.stores.is_empty() || self.stores.iter().any(|only| only == stores)
    }

    fn effort(&self) -> Effort {
        let warm_up = Duration::from_millis(500);
        let measured = Duration::from_secs_f64(self.seconds);
        Effort { rounds: self.rounds, span: Span { warm_up, measured } }
    }
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
    assert!(binary.exists(), "build it first, in the profile of this program");
    let mut report = Report::here(plan.subjects);
    if plan.wants_stores("embedded") {
        let ground = Ground::prepare(Stores::Embedded, &binary, SMALL.0, SMALL.1);
        on(&ground, plan, &mut report);
    }
    if plan.wants_stores("production") {
        let server = Stores::server();
        let stores = Stores::production(&server, "small");
        let small = Ground::prepare(stores, &binary, SMALL.0, SMALL.1);
        on(&small, plan, &mut report);
        if plan.wants("scale") {
            let stores = Stores::production(&server, "large");
            let large = Ground::prepare(stores, &binary, plan.subjects, plan.grants);
            many_people(&small, &large, plan, &mut report);
        }
    }
    publish(&report, &plan.out);
}

fn many_people(small: &Ground, large: &Ground, plan: &Plan, report: &mut Report) {
    let (few, many) = (small.serve(), large.serve());
    for line in scenario::compare_sizes((small, &few), (large, &many), plan.effort()) {
        report.add(line);
    }
}

/// Every wanted scenario over one pair of stores.
fn on(ground: &Ground, plan: &Plan, report: &mut Report) {
    let provider = ground.serve();
    let baseline = serve_baseline(ground, scenario::answer_sizes(ground, &provider));
    let effort = plan.effort();
    let field = Field { ground, provider: &provider, baseline: &baseline, effort };
    for name in NAMES.iter().filter(|name| plan.wants(name)) {
        for line in scenario::measure(name, &field) {
            report.add(line);
        }
    }
    if plan.soak_minutes > 0 {
        report.add(scenario::soak(&field, plan.soak_minutes));
    }
}

fn serve_baseline(ground: &Ground, sizes: AnswerSizes) -> Process {
    let port = free_port();
    let mut command = Command::new(std::env::current_exe().expect("a path"));
    command.args(["baseline", "--database", &ground.bare_database()]);
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
