use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

fn client(id: &str) -> ClientId {
    ClientId::parse(id).unwrap()
}

fn code() -> AuthorizationCode {
    AuthorizationCode {
        terms: GrantTerms {
            grant: GrantId::from_uuid(Uuid::from_u128(1)),
            client: client("portal"),
            subject: SubjectId::from_uuid(Uuid::from_u128(2)),
            session: SessionId::from_uuid(Uuid::from_u128(3)),
            scopes: BTreeSet::from(["openid".to_owned()]),
            userinfo_claims: BTreeSet::new(),
            id_token_claims: BTreeSet::new(),
            evidence: Vec::new(),
            asked_acr: Vec::new(),
            authorized_at: NOW,
            verified: VerifiedWishes::default(),
            transaction: None,
        },
        redirect_uri: "https://portal.example/cb".to_owned(),
        redirect_uri_requested: true,
        code_challenge: Some([7; 32]),
        nonce: None,
        demanded_acr: Vec::new(),
        expires_at: NOW.plus(AuthorizationCode::LIFE),
        decision: None,
    }
}

fn redemption(client: &ClientId) -> Redemption<'_> {
    Redemption {
        client,
        redirect_uri: Some("https://portal.example/cb"),
        code_challenge: Some([7; 32]),
        now: NOW,
    }
}

#[test]
fn every_bound_value_changed_alone_is_refused() {
    // ATK-003, ATK-004, scorecard 12
    let (portal, other) = (client("portal"), client("other"));
    assert!(code().redeem(&redemption(&portal)).is_ok());
    let presented = [
        (Redemption { client: &other, ..redemption(&portal) }, RedeemRefusal::OtherClient),
        (
            Redemption { redirect_uri: Some("https://portal.example/cb/"), ..redemption(&portal) },
            RedeemRefusal::OtherRedirectUri,
        ),
        (Redemption { redirect_uri: None, ..redemption(&portal) }, RedeemRefusal::OtherRedirectUri),
        (
            Redemption { code_challenge: Some([8; 32]), ..redemption(&portal) },
            RedeemRefusal::WrongVerifier,
        ),
        (
            Redemption { code_challenge: None, ..redemption(&portal) },
            RedeemRefusal::MissingVerifier,
        ),
        (
            Redemption { now: NOW.plus(AuthorizationCode::LIFE), ..redemption(&portal) },
            RedeemRefusal::Expired,
        ),
    ];
    for (redemption, refusal) in presented {
        assert_eq!(code().redeem(&redemption), Err(refusal));
    }
}

#[test]
fn a_verifier_nobody_announced_is_a_downgrade() {
    // BCP-06
    let portal = client("portal");
    let code = AuthorizationCode { code_challenge: None, ..code() };
    assert_eq!(code.redeem(&redemption(&portal)), Err(RedeemRefusal::UnexpectedVerifier));
}

#[test]
fn an_old_refresh_token_is_a_retry_for_ten_seconds_and_a_replay_afterwards() {
    // ATK-070, BCP-11
    let portal = client("portal");
    let first = code().redeem(&redemption(&portal)).unwrap();
    let Rotation::Advance(second) = first.clone().rotate(Generation::FIRST, NOW) else {
        panic!("the newest token advances");
    };
    assert_eq!(second.generation, Generation(2));
    let within = NOW.plus(Duration::from_millis(9_999));
    assert_eq!(second.clone().rotate(Generation::FIRST, within), Rotation::Repeat(second.clone()));
    let after = NOW.plus(ActiveGrant::RETRY_WINDOW);
    assert_eq!(second.clone().rotate(Generation::FIRST, after), Rotation::Replay);
    assert_eq!(second.rotate(Generation(9), NOW), Rotation::Replay, "never issued");
}

#[test]
fn a_grant_of_the_release_before_has_no_transaction() {
    let terms = code().terms;
    let json = serde_json::to_string(&terms).unwrap();
    assert!(!json.contains("transaction"), "{json}");
    assert_eq!(serde_json::from_str::<GrantTerms>(&json).unwrap(), terms);
}
