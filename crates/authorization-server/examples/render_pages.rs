//! Writes every sample page, and the files they refer to, into a folder: for looking at them.
//!
//! `cargo run -p authorization-server --example render_pages -- FOLDER`

use authorization_server::pages::texts::{Language, Texts};
use authorization_server::pages::{Frame, assets, samples};
use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder: PathBuf = std::env::args_os().nth(1).ok_or("name a folder")?.into();
    fs::create_dir_all(folder.join("assets"))?;
    for asset in [&assets::STYLESHEET, &assets::EMBLEM, &assets::FORM_POST] {
        fs::write(folder.join(asset.path.trim_start_matches('/')), asset.body)?;
    }
    let texts = Texts::embedded()?;
    for (name, page) in samples::all() {
        for language in Language::ALL {
            let here = format!("/{name}");
            let html = page.render(&Frame::new(&texts, language, &here))?;
            fs::write(folder.join(format!("{name}.{}.html", language.tag())), html)?;
        }
    }
    Ok(())
}
