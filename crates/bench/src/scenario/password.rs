//! Logins by password, and what they do to everybody else.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};

use super::rate::introspection_requests;
use super::{Field, in_turns};
use crate::ground::OFFICE;
use crate::load::{Outcome, Span, beside, closed, open};
use crate::report::{Line, Target, median};
use crate::walk::{Browser, Wish, redeem, refused};
use crate::wire::Wire;

/// Enough to keep every hashing thread busy, few enough that nobody is shed.
const LOGINS: usize = 8;
/// Introspections a second beside them, and on how many connections.
const STEADY: f64 = 2000.0;
const STEADY_CONNECTIONS: usize = 8;

/// Each login is somebody else's, in a fresh browser: authorize, page, password, code, tokens.
pub fn logins(subjects: u64) -> Vec<impl FnMut(&mut Wire) -> io::Result<()> + Send + use<>> {
    let next = Arc::new(AtomicU64::new(0));
    let one = |_| {
        let next = Arc::clone(&next);
        move |wire: &mut Wire| {
            // A stride that is prime visits everybody, far apart.
            let person = next.fetch_add(1, Ordering::Relaxed).wrapping_mul(7_919) % subjects;
            let code = Browser::of(person).authorize(wire, Wish::login(OFFICE))?;
            redeem(wire, OFFICE, &code).map(drop)
        }
    };
    (0..LOGINS).map(one).collect()
}

pub fn login(field: &Field<'_>) -> Line {
    in_turns(
        field,
        "password login, against Argon2id alone",
        "logins/s",
        Target::AtLeast(0.9),
        |span| closed(field.provider.address, logins(field.ground.subjects), span),
        |span| hashes_per_second(span.measured),
    )
}

/// Argon2id with the provider's parameters, on every core, and nothing else.
fn hashes_per_second(measured: Duration) -> f64 {
    let params = Params::new(19 * 1024, 2, 1, None).expect("the provider's parameters");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    super::on_every_core(measured, || {
        let mut out = [0; 32];
        argon2.hash_password_into(b"a password", b"sixteen bytes of", &mut out).expect("a hash");
    })
}

/// The slowest hundredth of introspections while passwords are hashed, against the same alone.
pub fn tail(field: &Field<'_>) -> Line {
    let requests = Arc::new(introspection_requests(field));
    let address = field.provider.address;
    let ask = |span: Span| -> Outcome {
        let journey = |which: usize| {
            let (requests, mut at) = (Arc::clone(&requests), which * 7);
            move |wire: &mut Wire| {
                at += 1;
                let answer = wire.exchange(&requests[at % requests.len()])?;
                if answer.status == 200 { Ok(()) } else { Err(refused(answer.text())) }
            }
        };
        open(address, (0..STEADY_CONNECTIONS).map(journey).collect(), STEADY, span)
    };
    let (mut alone, mut crowded, mut ratios, mut failed) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..field.effort.rounds {
        let quiet = ask(field.effort.span);
        let (logins, busy) =
            beside(address, logins(field.ground.subjects), || ask(field.effort.span));
        alone.push(quiet.quantile(0.99));
        crowded.push(busy.quantile(0.99));
        ratios.push(busy.quantile(0.99) / quiet.quantile(0.99));
        failed += quiet.failed + busy.failed + logins.failed;
    }
    Line {
        scenario: "introspection p99 beside password logins".to_owned(),
        stores: field.ground.name(),
        unit: "ms",
        ours: median(&crowded),
        baseline: Some(median(&alone)),
        figure: median(&ratios),
        rounds: ratios,
        p50: None,
        p99: None,
        failed,
        target: Target::AtMost(2.0),
    }
}
