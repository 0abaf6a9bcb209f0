//! Pages as a browser takes them: the tags of a document, the forms in it as they would be sent, and
//! the requests that links and buttons make.

use reqwest::Method;

use crate::api::sample::Reply;
use crate::house::app::Session;

/// A tag with its attributes, entities resolved, and the text up to the next tag.
#[derive(Debug, Clone, Default)]
pub(super) struct Tag {
    /// In lower case; `/p` for the end of a `p`.
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
}

impl Tag {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.attributes.iter();
        all.find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn is(&self, name: &str, attribute: &str, value: &str) -> bool {
        self.name == name && self.get(attribute) == Some(value)
    }
}

/// The tags of a page, in order. As strict as our own templates: what a browser would have to guess
/// is a failure.
pub(super) fn tags(html: &str) -> Vec<Tag> {
    let mut all = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tail) = rest.split_at(at);
        if let Some(last) = all.last_mut() {
            let last: &mut Tag = last;
            last.text = resolve(text);
        }
        let (tag, after) = tag(&tail[1..]);
        all.push(tag);
        rest = after;
    }
    all
}

/// One tag and what comes after it.
fn tag(text: &str) -> (Tag, &str) {
    let end = text.find([' ', '>', '\n']).expect("a tag ends");
    let (name, mut rest) = text.split_at(end);
    let mut tag = Tag {
        name: name.to_ascii_lowercase(),
        ..Tag::default()
    };
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>").or(rest.strip_prefix('>')) {
            return (tag, after);
        }
        let end = rest.find(['=', ' ', '>', '\n']).expect("an attribute ends");
        let (name, after) = rest.split_at(end);
        let name = name.to_ascii_lowercase();
        rest = after;
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix('=') {
            let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''));
            let quote = quote.expect("a quoted value");
            let quoted = &quoted[1..];
            let end = quoted.find(quote).expect("the quote ends");
            value = resolve(&quoted[..end]);
            rest = &quoted[end + 1..];
        }
        tag.attributes.push((name, value));
    }
}

/// A page without what is another text each time.
pub(super) fn without_tokens(html: &str) -> String {
    let begin = "name=\"_token\" value=\"";
    let mut pieces = html.split(begin);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find('"').expect("the quote ends");
        // Nothing for a bearer token, which has no session and needs none.
        assert!(end == 0 || end == 86, "a token of {end} characters");
        text += begin;
        text += &piece[end..];
    }
    text
}

/// Text with its entities resolved.
fn resolve(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let end = rest[at..].find(';').expect("an entity ends") + at;
        let name = &rest[at + 1..end];
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            _ => {
                let code = name.strip_prefix('#').and_then(|n| n.parse().ok());
                code.and_then(char::from_u32).expect("a character")
            }
        });
        rest = &rest[end + 1..];
    }
    out + rest
}

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) reply: Reply,
    pub(super) tags: Vec<Tag>,
}

impl Page {
    fn of(mut reply: Reply) -> Self {
        let tags = if reply.header("content-type").starts_with("text/html") {
            tags(&reply.text)
        } else {
            Vec::new()
        };
        reply.text = without_tokens(&reply.text);
        Self { reply, tags }
    }

    pub(super) fn status(&self) -> u16 {
        self.reply.status
    }

    /// Where it leads to.
    pub(super) fn location(&self) -> &str {
        self.reply.header("location")
    }

    /// All text, one blank between any two words.
    pub(super) fn text(&self) -> String {
        let texts = self.tags.iter().map(|t| t.text.as_str());
        let all = texts.collect::<Vec<_>>().join(" ");
        all.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The text from the tag with this attribute to the end of the element.
    pub(super) fn text_of(&self, name: &str, attribute: &str, value: &str) -> Option<String> {
        let begin = self
            .tags
            .iter()
            .position(|t| t.is(name, attribute, value))?;
        let end = format!("/{name}");
        let inside = self.tags[begin..].iter().take_while(|t| t.name != end);
        let words: Vec<&str> = inside.map(|t| t.text.trim()).collect();
        Some(words.join(" ").trim().to_owned())
    }

    /// Where the links lead.
    pub(super) fn links(&self) -> Vec<String> {
        let all = self.tags.iter().filter(|t| t.name == "a");
        all.filter_map(|t| t.get("href").map(ToOwned::to_owned))
            .collect()
    }

    /// Where the links with this text lead.
    pub(super) fn link(&self, text: &str) -> Option<String> {
        let of = |t: &&Tag| t.name == "a" && t.text.trim() == text;
        let found = self.tags.iter().find(of)?;
        found.get("href").map(ToOwned::to_owned)
    }

    /// The rows of the table: the text of each cell, without the boxes that select them.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let mut rows: Vec<Vec<String>> = Vec::new();
        let (mut inside, mut tick) = (false, false);
        for tag in &self.tags {
            tick = match tag.name.as_str() {
                "td" => tag.get("class") == Some("selects"),
                "/td" if tick => {
                    tick = false;
                    continue;
                }
                _ => tick,
            };
            if tick {
                continue;
            }
            match tag.name.as_str() {
                "tbody" => inside = true,
                "/tbody" => inside = false,
                "tr" if inside => rows.push(Vec::new()),
                "td" | "th" if inside => rows.last_mut().expect("a row").push(String::new()),
                _ => {}
            }
            let closed = tag.name == "/td" || tag.name == "/th" || tag.name == "/tr";
            if let (true, false, Some(cell)) =
                (inside, closed, rows.last_mut().and_then(|r| r.last_mut()))
            {
                let joined = format!("{cell} {}", tag.text.trim());
                *cell = joined.trim().to_owned();
            }
        }
        rows
    }

    /// The first cell of each row.
    pub(super) fn column(&self) -> Vec<String> {
        let rows = self.rows().into_iter();
        rows.map(|mut row| row.remove(0)).collect()
    }

    /// What a browser would send of the form with this action, untouched.
    pub(super) fn form(&self, action: &str) -> Form {
        let begin = self
            .tags
            .iter()
            .position(|t| t.is("form", "action", action));
        let begin = begin.unwrap_or_else(|| panic!("no form of {action} in {}", self.reply.text));
        let inside = self.tags[begin..].iter().take_while(|t| t.name != "/form");
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut select: Option<(String, Vec<(String, bool)>)> = None;
        for tag in inside {
            let name = tag.get("name").unwrap_or_default().to_owned();
            match tag.name.as_str() {
                // What has no name is never sent, and a file is none of ours.
                "input" if name.is_empty() || tag.get("type") == Some("file") => {}
                "input" if matches!(tag.get("type"), Some("checkbox" | "radio")) => {
                    let ticked = tag.get("checked").and(tag.get("value"));
                    fields.extend(ticked.map(|value| (name, value.to_owned())));
                }
                "input" => fields.push((name, tag.get("value").unwrap_or_default().to_owned())),
                // The first line end of a text area is none of its text; browsers send CRLF.
                "textarea" => {
                    let text = tag.text.strip_prefix('\n').unwrap_or(&tag.text);
                    fields.push((name, text.replace('\n', "\r\n")));
                }
                "select" => select = Some((name, Vec::new())),
                "option" => {
                    let value = tag.get("value").unwrap_or_default().to_owned();
                    let chosen = tag.get("selected").is_some();
                    let (_, options) = select.as_mut().expect("a select");
                    options.push((value, chosen));
                }
                "/select" => {
                    let (name, options) = select.take().expect("a select");
                    let chosen = options.iter().find(|(_, chosen)| *chosen);
                    let value = chosen.or(options.first()).expect("an option");
                    fields.push((name, value.0.clone()));
                }
                _ => {}
            }
        }
        let token = fields.iter().position(|(name, _)| name == "_token");
        Form {
            action: action.to_owned(),
            token: token.map(|at| fields.remove(at)),
            fields,
        }
    }
}

/// A form, filled in.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub(super) action: String,
    /// Which tells that a page of this session made the form; another text on each page.
    token: Option<(String, String)>,
    pub(super) fields: Vec<(String, String)>,
}

impl Form {
    /// With something else in one control, which must be there.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        let found = self.fields.iter_mut().find(|(n, _)| n == name);
        let found = found.unwrap_or_else(|| panic!("no control {name}"));
        value.clone_into(&mut found.1);
        self
    }

    /// With a box ticked, or the button of this name pressed.
    pub(super) fn and(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a box no longer ticked.
    pub(super) fn less(mut self, name: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut all = self.fields.iter();
        all.find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// What tells that a page of this session made it.
    pub(super) fn token(&self) -> &str {
        self.token.as_ref().map_or("", |(_, token)| token)
    }

    /// Sends it as a page of ours does.
    pub(super) async fn send(&self, session: &Session<'_>) -> Page {
        let fields = self.token.iter().chain(&self.fields).cloned();
        post(session, &self.action, &fields.collect::<Vec<_>>()).await
    }

    /// The address that a form of the method GET leads to.
    pub(super) fn address(&self) -> String {
        let query: Vec<String> = self
            .fields
            .iter()
            .map(|(n, v)| format!("{}={}", escape(n), escape(v)))
            .collect();
        format!("{}?{}", self.action, query.join("&"))
    }
}

/// Every byte but letters and digits, escaped.
pub(super) fn escape(text: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// Follows a link.
pub(super) async fn visit(session: &Session<'_>, path: &str) -> Page {
    let request = session.request(Method::GET, path);
    let request = request.header("accept", "text/html,*/*;q=0.8");
    whole(request).await
}

/// Presses a button of a page of ours.
pub(super) async fn post(session: &Session<'_>, path: &str, fields: &[(String, String)]) -> Page {
    let request = session.request(Method::POST, path);
    let request = request
        .header("accept", "text/html,*/*;q=0.8")
        .header("sec-fetch-site", "same-origin");
    whole(request.form(fields)).await
}

pub(super) async fn whole(request: reqwest::RequestBuilder) -> Page {
    let response = request.send().await.expect("an answer");
    Page::of(Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.expect("a body of text"),
    })
}

#[test]
fn a_form_is_sent_as_a_browser_would() {
    let html = "<form action=\"/x\"><input name=\"a\" value=\"1 &#60;&amp;&quot;\"><input name=\"b\" \
                type=\"checkbox\" value=\"true\"><input name=\"c\" type=\"checkbox\" value=\"y\" checked>\
                <textarea name=\"d\" rows=\"3\">\n\nx\ny</textarea><select name=\"e\"><option \
                value=\"1\">A</option><option value=\"2\" selected>B</option></select></form>";
    let page = Page {
        reply: Reply {
            status: 200,
            headers: reqwest::header::HeaderMap::new(),
            text: html.to_owned(),
        },
        tags: tags(html),
    };
    let fields = page.form("/x").fields;
    let wanted = [("a", "1 <&\""), ("c", "y"), ("d", "\r\nx\r\ny"), ("e", "2")];
    let wanted: Vec<(String, String)> = wanted.map(|(n, v)| (n.into(), v.into())).to_vec();
    assert_eq!(fields, wanted);
}
