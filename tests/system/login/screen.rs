//! What the script of `/login/app` does: asks how it stands, and sends the form when it may.

use serde_json::{Value, json};
use testkit::{App, Browser, Client, Page, Server};
use url::Url;

/// A browser that shows a code.
pub struct Screen {
    pub browser: Browser,
    /// The page, whose form is sent in the end.
    page: Page,
    pub transaction: String,
    pub code: String,
    /// The picture that is shown.
    drawn: String,
}

impl Screen {
    /// A fresh browser that came from a portal and chose the app.
    pub async fn open(server: &Server, portal: &Client) -> Self {
        Self::of(server.browser(), &portal.authorize(&[])).await
    }

    /// This browser, at whatever login page `address` leads to.
    pub async fn of(mut browser: Browser, address: &str) -> Self {
        let login = browser.visit(address).await;
        let form = login.form();
        let (_, interaction) =
            form.fields.iter().find(|(name, _)| name == "interaction").expect("an interaction");
        let page = browser.visit(&format!("/login/app?interaction={interaction}")).await;
        assert_eq!(page.path(), "/login/app", "{}", page.describe());
        let (transaction, code, drawn) = Default::default();
        let mut screen = Self { browser, page, transaction, code, drawn };
        screen.look().await;
        screen
    }

    /// How it stands. A new code is taken over.
    pub async fn look(&mut self) -> Value {
        let page = self.state().await;
        assert_eq!(page.status, 200, "{}", page.describe());
        let view: Value = serde_json::from_str(&page.body).expect("JSON");
        if let (Some(transaction), Some(link)) =
            (view["transaction"].as_str(), view["link"].as_str())
        {
            transaction.clone_into(&mut self.transaction);
            view["drawn"].as_str().expect("a name").clone_into(&mut self.drawn);
            link.split_once("#open=").expect("a link to the app").1.clone_into(&mut self.code);
        }
        view
    }

    async fn state(&mut self) -> Page {
        let (_, mut fields) = self.form_of_approval();
        fields.push(("drawn".to_owned(), self.drawn.clone()));
        let address = self.page.url.join("/login/app/state").expect("an address");
        self.browser.post(address, &fields).await
    }

    /// The two digits, once somebody scanned the code.
    pub async fn number(&mut self) -> String {
        let view = self.look().await;
        assert_eq!(view["state"], "number", "{view}");
        view["number"].as_str().expect("digits").to_owned()
    }

    /// Sends the form, as the script does when it hears of the approval.
    pub async fn collect(&mut self) -> Page {
        let transaction = self.transaction.clone();
        self.collect_as(&transaction).await
    }

    pub async fn collect_as(&mut self, transaction: &str) -> Page {
        self.browser.submit(&self.page, &[("transaction", transaction)]).await
    }

    /// Scanned, read, number typed.
    pub async fn approved_by(&mut self, server: &Server, app: &App) {
        let question = app.ask(server, "resolve", json!({ "code": self.code })).await.ok();
        let number = self.number().await;
        let transaction = question["question"]["transaction"].as_str().expect("a transaction");
        app.approve(server, transaction, &number).await.ok();
    }

    pub fn form_of_approval(&self) -> (Url, Vec<(String, String)>) {
        let mut form = self.page.form();
        form.fields.retain(|(name, _)| name != "transaction");
        form.fields.push(("transaction".to_owned(), self.transaction.clone()));
        (form.action, form.fields)
    }
}
