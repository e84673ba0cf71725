//! Questions that one browser is asked: answered there, in time, and once.

use std::time::Duration;

use flows::challenge::{Asked, Challenge, Question};
use flows::interaction::{AccountChoice, Errand, Interaction, Purpose};
use identity_core::SessionId;
use identity_core::secret::SecretDigest;
use storage::{Commit, Contest};
use testkit::Server;

const LIFE: Duration = Duration::from_mins(5);

fn interaction(server: &Server, browser: u8) -> Interaction {
    Interaction {
        purpose: Purpose::Home { path: "/home".to_owned(), errand: Errand::Look },
        browser: SecretDigest([browser; 32]),
        started_at: server.now(),
        account: AccountChoice::Undecided,
        wished: None,
    }
}

#[tokio::test]
async fn only_the_browser_attempt_and_session_that_were_asked_can_answer() {
    // ATK-091, ATK-106: another question, another browser, another attempt, another session
    let server = Server::start().await;
    let (provider, now) = (&server.provider, server.now());
    let session =
        |seed| SessionId::generate(now.plus(Duration::from_secs(seed)), &*provider.entropy);
    let (mine, other) = (session(0), session(1));
    let here = interaction(&server, 1);
    let asked = Asked::during(&here, Some(mine)).unwrap();
    let challenge = Challenge::new(provider, Question::MessageCode, asked.clone(), LIFE, now);
    let sealed = challenge.with_secret("123456").seal(provider, now).unwrap();
    let opens = |question, asked: &Asked, at| {
        Challenge::open(provider, &sealed, question, asked, at).is_some()
    };
    assert!(opens(
        Question::MessageCode,
        &asked,
        now.plus(LIFE.saturating_sub(Duration::from_millis(1)))
    ));
    assert!(!opens(Question::MessageCode, &asked, now.plus(LIFE)), "closed-open (L13)");
    assert!(!opens(Question::PasskeyLogin, &asked, now));
    let mut later = here.clone();
    later.started_at = now.plus(Duration::from_secs(1));
    for elsewhere in [
        Asked::during(&interaction(&server, 2), Some(mine)).unwrap(),
        Asked::during(&later, Some(mine)).unwrap(),
        Asked::during(&here, Some(other)).unwrap(),
        Asked::during(&here, None).unwrap(),
        Asked::at_home(SecretDigest([1; 32]), mine),
    ] {
        assert!(!opens(Question::MessageCode, &elsewhere, now));
    }
    // Another wish is the same attempt.
    let wished = Interaction { wished: Some(identity_core::AuthenticatorKind::Totp), ..here };
    assert!(opens(Question::MessageCode, &Asked::during(&wished, Some(mine)).unwrap(), now));
}

#[tokio::test]
async fn a_question_is_answered_by_its_secret_and_once() {
    // ATK-104, ATK-106
    let server = Server::start().await;
    let (provider, now) = (&server.provider, server.now());
    let asked = Asked::during(&interaction(&server, 1), None).unwrap();
    let ask = || Challenge::new(provider, Question::MessageCode, asked.clone(), LIFE, now);
    let challenge = ask().with_secret("123456").with_state("sms".to_owned());
    let sealed = challenge.seal(provider, now).unwrap();
    assert!(!sealed.contains("123456"));
    let back = Challenge::open(provider, &sealed, Question::MessageCode, &asked, now).unwrap();
    assert!(back.is_answered_by("123456") && !back.is_answered_by("123457"));
    assert!(!ask().is_answered_by(""), "no secret answers a question without one");
    assert_eq!(back.state(), "sms");

    assert_eq!(provider.commit(&[back.consume()], now).await.unwrap(), Commit::Done);
    let again = provider.commit(&[back.consume()], now).await.unwrap();
    assert_eq!(again, Commit::Lost(Contest::AlreadyConsumed));
    // The same code, sent once more, is another question.
    assert_eq!(provider.commit(&[ask().consume()], now).await.unwrap(), Commit::Done);
}
