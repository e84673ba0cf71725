//! What is asked, against what, and what it must reach: the table of the design's section on speed.

mod cost;
mod passkey;
mod password;
mod rate;
mod request;
mod scale;

use std::time::{Duration, Instant};

use crate::baseline::AnswerSizes;
use crate::ground::{Ground, PORTAL, Process, basic};
use crate::load::{Outcome, Span};
use crate::report::{Line, Target, median};
use crate::walk::{Browser, Wish, redeem, tokens};
use crate::wire::Wire;

pub use cost::soak;
pub use scale::compare_sizes;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    pub rounds: usize,
    pub span: Span,
}

/// A provider that serves, and a baseline beside it.
pub struct Field<'a> {
    pub ground: &'a Ground,
    pub provider: &'a Process,
    pub baseline: &'a Process,
    pub effort: Effort,
}

/// The scenarios of one pair of stores, by the name that `--only` takes.
pub const NAMES: [&str; 10] = [
    "introspection",
    "client_credentials",
    "refresh",
    "sso",
    "password",
    "passkey",
    "tail",
    "storage",
    "memory",
    "start",
];

/// Measures one scenario.
pub fn measure(name: &str, field: &Field<'_>) -> Vec<Line> {
    match name {
        "introspection" => vec![rate::introspection(field)],
        "client_credentials" => vec![rate::client_credentials(field)],
        "refresh" => vec![rate::refresh(field)],
        "sso" => vec![rate::single_sign_on(field)],
        "password" => vec![password::login(field)],
        "passkey" => vec![passkey::login(field)],
        "tail" => vec![password::tail(field)],
        "storage" => cost::storage(field),
        "memory" => cost::memory(field),
        "start" => cost::start(field),
        other => panic!("there is no scenario {other}: {NAMES:?}"),
    }
}

/// Somebody who is logged in at the portal, and what the portal holds.
#[derive(Clone)]
pub struct Visitor {
    pub browser: Browser,
    pub access_token: String,
    pub refresh_token: String,
}

/// Logs `count` people in, spread over everybody there is.
pub fn visitors(ground: &Ground, provider: &Process, count: u64) -> Vec<Visitor> {
    let mut wire = Wire::to(provider.address);
    let step = (ground.subjects / count).max(1);
    let visitor = |index: u64| {
        let mut browser = Browser::of(index * step % ground.subjects);
        let code = browser.authorize(&mut wire, Wish::offline(PORTAL)).expect("a login");
        let held = redeem(&mut wire, PORTAL, &code).expect("tokens");
        let text = |name: &str| held[name].as_str().expect(name).to_owned();
        Visitor {
            browser,
            access_token: text("access_token"),
            refresh_token: text("refresh_token"),
        }
    };
    (0..count).map(visitor).collect()
}

/// How long the provider's answers are, so that the baseline's can be as long.
pub fn answer_sizes(ground: &Ground, provider: &Process) -> AnswerSizes {
    let visitor = visitors(ground, provider, 1).remove(0);
    let mut wire = Wire::to(provider.address);
    let mut length = |request: &[u8]| {
        let answer = wire.exchange(request).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.body.len()
    };
    let introspection = length(&request::introspection(&visitor.access_token));
    let client_token = length(&request::client_credentials());
    let refresh = length(&request::refresh(&visitor.refresh_token));
    let mut browser = visitor.browser;
    let code = browser.authorize(&mut wire, Wish::login(PORTAL)).expect("a code");
    let held = tokens(&mut wire, &crate::walk::redemption(&basic(PORTAL), &code)).expect("tokens");
    let (code, code_token) = (code.len(), held.to_string().len());
    AnswerSizes { introspection, client_token, refresh, code_token, code }
}

/// Ours and the baseline in turns, so that whatever the machine does meets both alike.
pub fn in_turns(
    field: &Field<'_>,
    scenario: &str,
    unit: &'static str,
    target: Target,
    mut ours: impl FnMut(Span) -> Outcome,
    mut baseline: impl FnMut(Span) -> f64,
) -> Line {
    let Effort { rounds, span } = field.effort;
    let mut told: Option<Outcome> = None;
    let (mut our_rates, mut base_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (outcome, base) = (ours(span), baseline(span));
        our_rates.push(outcome.rate());
        base_rates.push(base);
        ratios.push(outcome.rate() / base);
        told = Some(match told {
            Some(so_far) => so_far.with(&outcome),
            None => outcome,
        });
    }
    let told = told.expect("at least one round");
    Line {
        scenario: scenario.to_owned(),
        stores: field.ground.name(),
        unit,
        ours: median(&our_rates),
        baseline: Some(median(&base_rates)),
        figure: median(&ratios),
        rounds: ratios,
        p50: Some(told.quantile(0.5)),
        p99: Some(told.quantile(0.99)),
        failed: told.failed,
        target,
    }
}

/// How often a second all cores together can do `once`, and nothing else.
pub fn on_every_core(measured: Duration, once: impl Fn() + Sync) -> f64 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let began = Instant::now();
    let count = || {
        let mut done = 0_u64;
        while began.elapsed() < measured {
            once();
            done += 1;
        }
        done
    };
    let done: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(count)).collect();
        threads.into_iter().map(|thread| thread.join().expect("counted")).sum()
    });
    done as f64 / began.elapsed().as_secs_f64()
}

/// Long enough that what was started for a scenario has settled.
pub fn settle() {
    std::thread::sleep(Duration::from_millis(500));
}
