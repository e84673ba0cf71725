//! What a browser does without JavaScript: keep cookies, follow redirects, send forms.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode};
use url::Url;

#[derive(Clone)]
pub struct Browser {
    http: reqwest::Client,
    issuer: Url,
    pub cookies: BTreeMap<String, String>,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Page {
    pub url: Url,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// The first form of a page, with what it carries already.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: Url,
    pub fields: Vec<(String, String)>,
}

impl Browser {
    pub fn new(http: reqwest::Client, issuer: &str) -> Self {
        let issuer = Url::parse(issuer).expect("the issuer is a URL");
        Self { http, issuer, cookies: BTreeMap::new() }
    }

    /// One request, no redirect followed.
    pub async fn get(&mut self, url: &str) -> Page {
        let url = self.issuer.join(url).expect("a URL");
        self.send(Method::GET, url, None).await
    }

    /// A request, and every redirect that stays at the provider. Ends at a page, or at the redirect
    /// that leaves.
    pub async fn visit(&mut self, url: &str) -> Page {
        let page = self.get(url).await;
        self.follow(page).await
    }

    /// Fills the page's form in and sends it; follows as [`Self::visit`] does.
    pub async fn submit(&mut self, page: &Page, filled: &[(&str, &str)]) -> Page {
        let answer = self.submit_once(page, filled).await;
        self.follow(answer).await
    }

    pub async fn submit_once(&mut self, page: &Page, filled: &[(&str, &str)]) -> Page {
        let form = page.form().filled(filled);
        self.post(form.action, &form.fields).await
    }

    /// Presses the button with this id, its form filled in; follows as [`Self::visit`] does.
    pub async fn press(&mut self, page: &Page, button: &str, filled: &[(&str, &str)]) -> Page {
        let mut form = page.form_with(button).filled(filled);
        form.fields.extend(page.value_of(button));
        let answer = self.post(form.action, &form.fields).await;
        self.follow(answer).await
    }

    /// A form on somebody else's site: no cookie of ours goes with it, because all are
    /// `SameSite=Lax`. No redirect is followed.
    pub async fn post_from_elsewhere(&mut self, url: &str, fields: &[(&str, &str)]) -> Page {
        let url = self.issuer.join(url).expect("a URL");
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self
            .http
            .post(url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "https://portal.example")
            .header("sec-fetch-site", "cross-site")
            .body(body);
        self.receive(url, request).await
    }

    pub async fn post(&mut self, url: Url, fields: &[(String, String)]) -> Page {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, url, Some(body)).await
    }

    pub async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..10 {
            match page.location() {
                Some(next) if next.origin() == self.issuer.origin() => {
                    page = self.send(Method::GET, next, None).await;
                }
                _ => return page,
            }
        }
        panic!("redirected in circles: {}", page.url);
    }

    async fn send(&mut self, method: Method, url: Url, form: Option<String>) -> Page {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.http.request(method, url.clone());
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if let Some(form) = form {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .header("origin", self.issuer.origin().ascii_serialization())
                .header("sec-fetch-site", "same-origin")
                .body(form);
        }
        self.receive(url, request).await
    }

    async fn receive(&mut self, url: Url, request: reqwest::RequestBuilder) -> Page {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        for set in headers.get_all(SET_COOKIE) {
            self.keep_cookie(set.to_str().expect("cookies are ASCII"));
        }
        Page { url, status, headers, body: response.text().await.expect("a body") }
    }

    fn keep_cookie(&mut self, set: &str) {
        let (pair, attributes) = set.split_once(';').unwrap_or((set, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a value");
        if attributes.to_ascii_lowercase().contains("max-age=0") || value.is_empty() {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

impl Page {
    pub fn location(&self) -> Option<Url> {
        let location = self.headers.get(LOCATION)?.to_str().ok()?;
        Some(self.url.join(location).expect("a location is a URL"))
    }

    /// A parameter of the redirect's query.
    pub fn redirected(&self, name: &str) -> Option<String> {
        let location = self.location()?;
        let mut pairs = location.query_pairs();
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    pub fn path(&self) -> &str {
        self.url.path()
    }

    pub fn has_id(&self, id: &str) -> bool {
        self.body.contains(&format!("id=\"{id}\""))
    }

    /// The first form of the main part: the language switch is made of links.
    pub fn form(&self) -> Form {
        self.forms().into_iter().next().unwrap_or_else(|| panic!("no form on {}", self.describe()))
    }

    /// Name and value of the button with this id, when it has them.
    fn value_of(&self, button: &str) -> Option<(String, String)> {
        let id = format!("id=\"{button}\"");
        let tag = self.body.split('<').find(|tag| tag.contains(&id))?;
        Some((attribute(tag, "name")?, attribute(tag, "value")?))
    }

    /// An attribute of the element with this id.
    pub fn attribute_of(&self, id: &str, name: &str) -> String {
        let marker = format!("id=\"{id}\"");
        let tag = self.body.split('<').find(|tag| tag.contains(&marker));
        let tag = tag.unwrap_or_else(|| panic!("no {id} on {}", self.describe()));
        attribute(tag, name).unwrap_or_else(|| panic!("{id} has no {name}: {tag}"))
    }

    /// The text between the tags of the element with this id.
    pub fn text_of(&self, id: &str) -> &str {
        let marker = format!("id=\"{id}\"");
        let mut parts = self.body.split(&marker);
        let after = parts.nth(1).unwrap_or_else(|| panic!("no {id} on {}", self.describe()));
        let inside = after.split_once('>').map_or("", |(_, inside)| inside);
        inside.split('<').next().unwrap_or_default()
    }

    /// The form that holds an element with this id.
    pub fn form_with(&self, id: &str) -> Form {
        let at = self.body.find(&format!("id=\"{id}\"")).unwrap_or_else(|| {
            panic!("no element {id} on {}", self.describe());
        });
        let start = self.body[..at].rfind("<form").expect("the element is in a form");
        self.form_from(&self.body[start..])
    }

    pub fn forms(&self) -> Vec<Form> {
        self.body.match_indices("<form").map(|(at, _)| self.form_from(&self.body[at..])).collect()
    }

    fn form_from(&self, html: &str) -> Form {
        let html = &html[..html.find("</form>").expect("forms end")];
        let (open, inside) = html.split_once('>').expect("tags end");
        let action = attribute(open, "action").unwrap_or_default();
        let action = self.url.join(&action).expect("an action is a URL");
        let hidden = inside.split("<input").skip(1).filter_map(|input| {
            let tag = input.split('>').next().unwrap_or_default();
            let kind = attribute(tag, "type")?;
            (kind == "hidden").then(|| {
                (
                    attribute(tag, "name").expect("hidden fields have names"),
                    attribute(tag, "value").unwrap_or_default(),
                )
            })
        });
        Form { action, fields: hidden.collect() }
    }

    pub fn describe(&self) -> String {
        format!(
            "{} {}: {}",
            self.status,
            self.url,
            self.body.chars().take(2000).collect::<String>()
        )
    }
}

impl Form {
    /// With what a person types; a name given twice stands twice.
    fn filled(mut self, filled: &[(&str, &str)]) -> Self {
        self.fields.retain(|(known, _)| filled.iter().all(|(name, _)| known != name));
        let typed = filled.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.fields.extend(typed);
        self
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = &tag[start..];
    Some(unescape(&value[..value.find('"')?]))
}

fn unescape(text: &str) -> String {
    text.replace("&#38;", "&")
        .replace("&amp;", "&")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&lt;", "<")
        .replace("&#62;", ">")
        .replace("&gt;", ">")
}
