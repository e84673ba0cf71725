//! "Why this level": the page on which a portal engineer sees how a made-up citizen would be judged.
//!
//! The portal cannot know this of anybody. The demo, which holds both sides, hands in who answers.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use askama::Template;

use super::requirements::Procedure;

/// Answers the page's question; `None` when it names nobody or nothing that is known.
pub type Explain =
    Arc<dyn Fn(Question) -> Pin<Box<dyn Future<Output = Option<Answer>> + Send>> + Send + Sync>;

/// Who wants to file what, having proven what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Short name of a demo citizen.
    pub citizen: String,
    pub procedure: String,
    pub proven: Proven,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proven {
    #[default]
    Nothing,
    Password,
    PasswordAndCode,
}

impl Proven {
    const ALL: [Self; 3] = [Self::Nothing, Self::Password, Self::PasswordAndCode];

    pub fn of_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|proven| proven.word() == word).unwrap_or_default()
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Password => "password",
            Self::PasswordAndCode => "password_totp",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Nothing => "chưa gì",
            Self::Password => "mật khẩu",
            Self::PasswordAndCode => "mật khẩu và mã",
        }
    }
}

/// How it was judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub policy: String,
    /// What is needed, what is reached: ladder and rung.
    pub requirement: Vec<(String, String)>,
    pub vector: Vec<(String, String)>,
    pub outcome: String,
    pub reasons: Vec<Reason>,
    /// Ways to prove enough, cheapest first.
    pub options: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub code: String,
    pub vi: String,
    pub en: String,
}

/// The form's fields.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Form {
    citizen: String,
    procedure: String,
    proven: String,
}

impl From<Form> for Question {
    fn from(form: Form) -> Self {
        let Form { citizen, procedure, proven } = form;
        Self { citizen, procedure, proven: Proven::of_word(&proven) }
    }
}

#[derive(Template)]
#[template(path = "portal/why.html")]
pub struct Page<'a> {
    /// Never somebody signed in: the page is about another person.
    visitor: Option<super::pages::Visitor<'a>>,
    question: &'a Question,
    proven: Vec<Choice>,
    procedures: &'a [Procedure],
    answer: Option<&'a Answer>,
}

struct Choice {
    word: &'static str,
    text: &'static str,
    chosen: bool,
}

impl<'a> Page<'a> {
    pub fn of(
        question: &'a Question,
        procedures: &'a [Procedure],
        answer: Option<&'a Answer>,
    ) -> Self {
        let choice = |proven: Proven| Choice {
            word: proven.word(),
            text: proven.text(),
            chosen: proven == question.proven,
        };
        let proven = Proven::ALL.map(choice).into();
        Self { visitor: None, question, proven, procedures, answer }
    }
}
