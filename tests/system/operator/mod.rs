//! The binary as an operator uses it.
//!
//! ```text
//!  configuration   all faults at once          commands   register, create, lock, rotate, verify
//!  processes       serve, a second role, stop, demo      decisions  explained, tried under another policy
//! ```

mod commands;
mod configuration;
mod decisions;
mod processes;

use testkit::Program;

pub(crate) const PASSWORD: &str = "mật khẩu đủ dài để đứng một mình";

/// Somebody with a password alone.
pub(crate) fn create_citizen(program: &Program, number: &str) {
    program.write("password", PASSWORD);
    program.write(
        "citizen.toml",
        &format!(
            "name = \"Nguyễn Thị Vận Hành\"\nnumber = \"{number}\"\nbirth_date = \"1990-05-17\"\n\
             account_level = 2\ncard = {{ kind = \"identity_card\" }}\n\
             password_file = \"password\"\n"
        ),
    );
    program.done(&["citizen", "create", "citizen.toml"]);
}

/// A confidential client; the secret, where one was made.
pub(crate) fn register_client(program: &Program, id: &str, more: &str) -> String {
    program.write(
        "client.toml",
        &format!(
            "client_id = \"{id}\"\nlegal_entity = \"Văn phòng\"\nscopes = [\"openid\"]\n\
             redirect_uris = [\"{}\"]\ngrant_types = [\"authorization_code\"]\n\
             consent = \"ordered_by_law\"\nname = {{ vi = \"Cổng\", en = \"Portal\" }}\n{more}\n\
             [authentication]\nmethod = \"client_secret_basic\"\n\
             [agreement]\nnumber = \"1\"\nsigned_on = \"2026-03-01\"\nsystem_security_level = 3\n\
             purpose = {{ vi = \"x\", en = \"x\" }}\n",
            testkit::client::REDIRECT_URI
        ),
    );
    let said = program.done(&["client", "register", "client.toml"]);
    let secret = said.split_once("shown this once: ").expect("a secret was made").1;
    secret.trim().to_owned()
}
