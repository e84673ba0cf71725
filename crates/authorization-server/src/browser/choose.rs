//! `/login/choose`: another way to prove who you are.

use axum::response::Response;
use flows::authorize::{Next, Proving};
use flows::interaction::Interaction;

use super::step::Step;
use super::words;
use crate::form::OwnForm;
use crate::pages::methods::{self, Choose};
use crate::stop::Stop;
use crate::visit::Visit;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let step = Step::asked(visit).await?;
    let proving = ways(&step).await?;
    show(&step, &proving)
}

/// Only what leads on can be chosen; the page of anything else leads back to what is due.
pub async fn submit(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let step = Step::posted(visit, form.get("interaction")).await?;
    let proving = ways(&step).await?;
    let chosen = form.get("method").and_then(methods::of_word);
    let Some(chosen) = chosen.filter(|chosen| proving.ways.contains(&chosen.kind)) else {
        return show(&step, &proving);
    };
    let interaction = Interaction { wished: Some(chosen.kind), ..step.interaction.clone() };
    Step::new(step.visit, interaction, step.live)?.proceed().await
}

async fn ways(step: &Step) -> Result<Proving, Stop> {
    match step.next().await {
        Ok(Next::Prove(proving)) => Ok(proving),
        next => Err(Stop::elsewhere(step.resolve(next)?)),
    }
}

fn show(step: &Step, proving: &Proving) -> Result<Response, Stop> {
    let visit = &step.visit;
    let mut ways = proving.ways.clone();
    // What is due is what was used last, where that leads on. Stable: the others stay best first.
    ways.sort_by_key(|kind| *kind != proving.due);
    let page = Choose {
        csrf: visit.csrf(),
        interaction: step.sealed.clone(),
        relying_party: step.party().map(|party| words::party(&party, visit.language)),
        holder: step.live.as_ref().map(|live| words::holder(&live.subject.profile)),
        methods: ways.into_iter().filter_map(methods::of_kind).collect(),
    };
    visit.show_at(&step.choose_address(), &page, &step.policy())
}
