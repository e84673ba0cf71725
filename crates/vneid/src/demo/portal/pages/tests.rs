use axum::body::to_bytes;

use super::super::cases::Seen;
use super::super::requirements::samples::birth_registration;
use super::super::requirements::{AccountLevel, AuthenticationLevel};
use super::super::sessions::tests::citizen;
use super::*;

/// 2026-01-15T20:30:00Z, in Viet Nam already the next day.
const EVENING: i64 = 1_768_509_000;

async fn text(page: Response) -> String {
    let body = to_bytes(page.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

fn sample_receipt() -> Receipt {
    Receipt {
        number: "DEMO-000001".into(),
        procedure: 9,
        filed_at: EVENING,
        seen: Seen {
            client_id: Some("portal".into()),
            scope: "openid vn_identity".into(),
            acr: Some("urn:vn:eid:auth:2".into()),
            amr: vec!["pwd".into(), "x-new".into()],
            account_level: AccountLevel(2),
            authentication_level: AuthenticationLevel(2),
        },
    }
}

async fn every_page() -> Vec<String> {
    let person = citizen("u1", Some("s1"));
    let procedures = [birth_registration(2, 3)];
    let troubles = [
        Trouble::AccountTooLow(AccountLevel(2)),
        Trouble::LevelOutOfReach(Some(AuthenticationLevel(3))),
        Trouble::Declined,
        Trouble::ProviderSaid("invalid_scope".into()),
        Trouble::LoginNotRecognised,
        Trouble::ForeignAnswer,
        Trouble::LoginFailed("invalid_grant".into()),
        Trouble::ProviderUnavailable,
        Trouble::CasesUnavailable,
        Trouble::SessionEnded,
        Trouble::FormExpired,
        Trouble::NotFound,
        Trouble::Internal,
    ];
    let mut pages = vec![
        text(home(None, &procedures, true)).await,
        text(home(Some(&person), &procedures, false)).await,
        text(procedure(None, &procedures[0], false)).await,
        text(procedure(Some(&person), &procedures[0], true)).await,
        text(receipt(&person, &sample_receipt(), Some(&procedures[0]))).await,
    ];
    for one in &troubles {
        pages.push(text(trouble(None, one, "http://localhost:8080/home")).await);
    }
    pages
}

#[tokio::test]
async fn every_page_is_vietnamese_has_one_heading_unique_ids_and_nothing_inline() {
    for page in every_page().await {
        assert!(page.contains(r#"<html lang="vi">"#));
        assert_eq!(page.matches("<h1").count(), 1, "{page}");
        assert!(page.contains("DEMO"));
        assert!(!page.contains("<script") && !page.contains("style="), "{page}");
        let ids: Vec<&str> =
            page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(ids.len(), unique.len(), "{ids:?}");
    }
}

#[tokio::test]
async fn the_head_offers_login_to_strangers_and_logout_to_citizens() {
    let procedures = [birth_registration(2, 3)];
    let stranger = text(home(None, &procedures, false)).await;
    assert!(stranger.contains(r#"id="login""#) && !stranger.contains(r#"id="logout""#));
    let person = citizen("u1", None);
    let known = text(home(Some(&person), &procedures, false)).await;
    assert!(known.contains(r#"id="logout""#) && !known.contains(r#"id="login""#));
    assert!(known.contains("mật khẩu (pwd), mã một lần (otp)"));
}

#[tokio::test]
async fn the_personal_number_is_masked() {
    let page = text(home(Some(&citizen("u1", None)), &[], false)).await;
    assert!(page.contains("•••••••••123"));
    assert!(!page.contains("001190000123"));
}

#[tokio::test]
async fn a_name_cannot_become_markup() {
    let mut person = citizen("u1", None);
    person.name = "<script>alert(1)</script>".into();
    assert!(!text(home(Some(&person), &[], false)).await.contains("<script>"));
}

#[tokio::test]
async fn a_citizen_is_told_before_filing_what_is_missing() {
    let person = citizen("u1", None);
    let cases = [(birth_registration(2, 2), "ready"), (birth_registration(2, 3), "more")];
    for (wanted, class) in cases {
        let page = text(procedure(Some(&person), &wanted, false)).await;
        assert!(page.contains(&format!(r#"class="status {class}" id="readiness""#)), "{page}");
    }
}

#[test]
fn times_are_those_of_viet_nam() {
    assert_eq!(moment(EVENING), "03:30 ngày 16/01/2026");
    assert_eq!(moment(i64::MAX), "Chưa rõ");
}

#[test]
fn birth_dates_are_written_day_first_and_a_bare_year_stays() {
    assert_eq!(day_first("1990-03-08"), "08/03/1990");
    assert_eq!(day_first("1990"), "1990");
}

#[test]
fn an_unknown_method_is_shown_as_it_is() {
    assert_eq!(methods(&["x-new".into()]), "x-new");
    assert_eq!(methods(&[]), "Chưa rõ");
}
