//! `prompt=select_account`: stay who you are here, or log in as somebody else.

use identity_core::SubjectId;

use crate::interaction::{AccountChoice, Interaction};
use crate::refusal::PageRefusal;
use crate::session::LiveSession;

/// What the page sent.
pub enum Selection {
    /// This account; must be the one the browser's session is of.
    Account(SubjectId),
    Another,
}

/// The interaction after the choice.
pub fn select(
    interaction: &Interaction,
    live: Option<&LiveSession>,
    selection: &Selection,
) -> Result<Interaction, PageRefusal> {
    let account = match selection {
        Selection::Another => AccountChoice::Another,
        Selection::Account(chosen) => {
            let live = live.ok_or(PageRefusal::SessionEnded)?;
            if live.subject.id != *chosen {
                return Err(PageRefusal::SessionEnded);
            }
            AccountChoice::Present
        }
    };
    Ok(Interaction { account, ..interaction.clone() })
}
