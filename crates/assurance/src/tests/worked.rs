//! The worked examples of docs/assurance.md say what the engine says.

use super::*;

const PAGE: &str = include_str!("../../../../docs/assurance.md");

/// The figures of a row, as the table writes them.
fn row(levels: Levels) -> Vec<String> {
    vec![
        levels.vn_authentication.number().to_string(),
        levels.vn_account.number().to_string(),
        levels.aal.number().to_string(),
        levels.ial.number().to_string(),
        levels.eidas.to_string(),
        levels.iso.number().to_string(),
    ]
}

#[test]
fn every_worked_example_is_what_the_engine_computes() {
    let in_person = citizen();
    let mut remote = SubjectState { account_level: AccountLevel::One, ..citizen() };
    remote.proofings[0].pathway = ProofingPathway::RemoteFaceCapture;
    let mut expired = citizen();
    let today = Some(day("2026-11-21"));
    expired.card = Some(Card { kind: CardKind::IdentityCard, valid_until: today });
    expired.proofings[0].pieces[0].valid_until = today;
    let long = || password(16, NOW);
    let text_message = || proof(AuthenticatorKind::SmsCode, NOW);
    let pin = Some(FactorCategory::Knowledge);
    let key = |protection, second| passkey(protection, second, NOW);
    let examples = [
        ("account 1", &remote, vec![long()]),
        ("account 2", &in_person, vec![long()]),
        ("card expired", &expired, vec![long()]),
        ("short password", &in_person, vec![password(8, NOW)]),
        ("authentication 1", &in_person, vec![text_message()]),
        ("authentication 2", &in_person, vec![long(), totp(NOW)]),
        ("two codes", &in_person, vec![text_message(), totp(NOW)]),
        ("authentication 3", &in_person, vec![app(NOW), face(NOW)]),
        ("authentication 4", &in_person, vec![long(), app(NOW), face(NOW)]),
        ("face alone", &in_person, vec![face(NOW)]),
        ("synced passkey", &in_person, vec![key(KeyProtection::Synced, pin)]),
        ("hardware key", &in_person, vec![key(KeyProtection::Hardware, pin)]),
        ("key and password", &in_person, vec![key(KeyProtection::Hardware, None), long()]),
        ("nothing proven", &in_person, vec![]),
    ];
    for (name, state, evidence) in examples {
        let levels = evaluate(state, &evidence, NOW).vector.levels;
        let line = PAGE.lines().find(|line| line.starts_with(&format!("| {name} |")));
        let cells = line.unwrap_or_else(|| panic!("{name} is not on the page")).split('|');
        let cells: Vec<_> = cells.map(|cell| cell.trim().to_owned()).collect();
        assert_eq!(cells[4..10], row(levels), "{name}");
    }
}
