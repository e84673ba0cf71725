//! `/select-account`: who goes on (`prompt=select_account`).

use super::shared::{Holder, RelyingParty};
use super::{page, samples};

/// The accounts known to this browser. Posts `csrf`, `interaction` and either `account` (a
/// [`AccountChoice::handle`]) or `another=yes`.
pub struct SelectAccount {
    pub csrf: String,
    pub interaction: String,
    pub relying_party: Option<RelyingParty>,
    pub accounts: Vec<AccountChoice>,
}

/// One account. `handle` must mean something to this browser's session only.
pub struct AccountChoice {
    pub handle: String,
    pub holder: Holder,
}

fn faces() -> Vec<(&'static str, SelectAccount)> {
    let second = Holder {
        masked_name: "Trần V•• B•••".into(),
        masked_number: "079•••••4456".into(),
    };
    let page = SelectAccount {
        csrf: samples::CSRF.into(),
        interaction: samples::INTERACTION.into(),
        relying_party: Some(samples::portal()),
        accounts: vec![
            AccountChoice { handle: "a1".into(), holder: samples::holder() },
            AccountChoice { handle: "a2".into(), holder: second },
        ],
    };
    vec![("select-account", page)]
}

page!(SelectAccount, "select_account.html", faces());
