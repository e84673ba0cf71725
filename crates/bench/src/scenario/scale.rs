//! The same with very many people in the database.

use std::sync::Arc;

use super::rate::{refresh_of, sso};
use super::{Effort, password, visitors};
use crate::ground::{Ground, Process};
use crate::load::{Outcome, Span, closed};
use crate::report::{Line, Target, median};

/// What a database of `large.subjects` reaches against one of `small.subjects`.
pub fn compare_sizes(
    small: (&Ground, &Process),
    large: (&Ground, &Process),
    effort: Effort,
) -> Vec<Line> {
    let refresh = |(ground, process): (&Ground, &Process)| {
        let people = visitors(ground, process, 128);
        let address = process.address;
        move |span: Span| refresh_of(address, &people, span)
    };
    let login = |(ground, process): (&Ground, &Process)| {
        let people = visitors(ground, process, 128);
        let browsers = Arc::new(people.into_iter().map(|visitor| visitor.browser).collect());
        let address = process.address;
        move |span: Span| sso(address, &browsers, span)
    };
    let by_password = |(ground, process): (&Ground, &Process)| {
        let (address, subjects) = (process.address, ground.subjects);
        move |span: Span| closed(address, password::logins(subjects), span)
    };
    vec![
        compared("refresh, many people", large.0.name(), effort, refresh(large), refresh(small)),
        compared("single sign-on, many people", large.0.name(), effort, login(large), login(small)),
        compared(
            "password login, many people",
            large.0.name(),
            effort,
            by_password(large),
            by_password(small),
        ),
    ]
}

fn compared(
    scenario: &str,
    stores: &'static str,
    effort: Effort,
    large: impl Fn(Span) -> Outcome,
    small: impl Fn(Span) -> Outcome,
) -> Line {
    let rounds: Vec<_> =
        (0..effort.rounds).map(|_| (large(effort.span), small(effort.span))).collect();
    let rates =
        |side: fn(&(Outcome, Outcome)) -> f64| median(&rounds.iter().map(side).collect::<Vec<_>>());
    let ratios: Vec<f64> =
        rounds.iter().map(|(large, small)| large.rate() / small.rate()).collect();
    Line {
        scenario: scenario.to_owned(),
        stores,
        unit: "per s",
        ours: rates(|(large, _)| large.rate()),
        baseline: Some(rates(|(_, small)| small.rate())),
        figure: median(&ratios),
        rounds: ratios,
        p50: None,
        p99: None,
        failed: rounds.iter().map(|(large, small)| large.failed + small.failed).sum(),
        target: Target::AtLeast(0.9),
    }
}
