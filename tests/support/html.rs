//! Pages as a person meets them: a small tolerant reader of elements, their text, and forms.

mod tag;

use tag::{Tag, decode, tag};

/// A page, read.
#[derive(Clone, Debug)]
pub struct Html {
    text: String,
    tags: Vec<Tag>,
}

/// An element: its attributes and its text without tags.
#[derive(Clone, Debug)]
pub struct Element {
    attributes: Vec<(String, String)>,
    /// What is read, white space folded.
    pub text: String,
}

impl Element {
    /// An attribute's value; `None` when it is not there.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}

/// A form with the fields a browser would send if nothing was typed.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it goes, as written.
    pub action: String,
    /// `get` or `post`.
    pub method: String,
    /// Name and value of every field that would be sent.
    pub fields: Vec<(String, String)>,
    /// Id, name and value of the buttons and boxes, which are sent only when pressed or ticked.
    controls: Vec<(String, String, String)>,
}

impl Form {
    /// Types into a field: replaces its value, or adds it.
    pub fn fill(mut self, name: &str, value: &str) -> Form {
        match self.fields.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = value.to_owned(),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Presses the button or ticks the box with this id.
    pub fn press(mut self, id: &str) -> Form {
        let Some((_, name, value)) = self.controls.iter().find(|(i, _, _)| i == id) else {
            panic!(
                "the form {} has no control #{id}, but {:?}",
                self.action, self.controls
            );
        };
        if !name.is_empty() {
            self.fields.push((name.clone(), value.clone()));
        }
        self
    }

    /// Ticks the box with this name and value.
    pub fn tick(mut self, name: &str, value: &str) -> Form {
        assert!(
            self.controls
                .iter()
                .any(|(_, n, v)| n == name && v == value),
            "the form {} has no box {name}={value}, but {:?}",
            self.action,
            self.controls
        );
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }
}

impl Html {
    /// Reads a page; never fails, whatever the text is.
    pub fn read(text: &str) -> Html {
        let mut tags = Vec::new();
        let mut at = 0;
        while let Some(found) = text[at..].find('<') {
            let start = at + found;
            if text[start..].starts_with("<!--") {
                at = text[start..]
                    .find("-->")
                    .map_or(text.len(), |n| start + n + 3);
                continue;
            }
            match tag(text, start) {
                Some(tag) => {
                    at = tag.end;
                    tags.push(tag);
                }
                None => at = start + 1,
            }
        }
        Html {
            text: text.to_owned(),
            tags,
        }
    }

    /// Whether an element has this id.
    pub fn has(&self, id: &str) -> bool {
        self.by_id(id).is_some()
    }

    /// The element with this id.
    pub fn by_id(&self, id: &str) -> Option<Element> {
        self.elements(None, "id")
            .into_iter()
            .find(|e| e.attribute("id") == Some(id))
    }

    /// Every element of a name that has an attribute: `("tr", "data-session-id")`.
    pub fn all(&self, name: &str, attribute: &str) -> Vec<Element> {
        self.elements(Some(name), attribute)
    }

    fn elements(&self, name: Option<&str>, attribute: &str) -> Vec<Element> {
        let open = self.tags.iter().enumerate().filter(|(_, tag)| {
            !tag.closing && name.is_none_or(|n| n == tag.name) && tag.attribute(attribute).is_some()
        });
        open.map(|(i, tag)| Element {
            attributes: tag.attributes.clone(),
            text: self.inner_text(i),
        })
        .collect()
    }

    fn inner_text(&self, open: usize) -> String {
        let end = self.end_of(open);
        let mut out = String::new();
        for pair in self.tags[open..=end].windows(2) {
            out.push_str(&self.text[pair[0].end..pair[1].start]);
            out.push(' ');
        }
        decode(&out)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The index of the tag that closes the one at `open`; itself when nothing does.
    fn end_of(&self, open: usize) -> usize {
        let name = &self.tags[open].name;
        let mut depth = 0;
        for (i, tag) in self.tags.iter().enumerate().skip(open) {
            if tag.name == *name {
                depth += if tag.closing { -1 } else { 1 };
                if depth == 0 {
                    return i;
                }
            }
        }
        open
    }

    /// The form with this id.
    pub fn form(&self, id: &str) -> Option<Form> {
        self.forms()
            .into_iter()
            .find(|(i, _)| i == id)
            .map(|(_, form)| form)
    }

    /// The form that holds the control with this id.
    pub fn form_around(&self, id: &str) -> Option<Form> {
        self.forms()
            .into_iter()
            .map(|(_, form)| form)
            .find(|f| f.controls.iter().any(|(i, _, _)| i == id))
    }

    fn forms(&self) -> Vec<(String, Form)> {
        let mut forms = Vec::new();
        for (i, tag) in self
            .tags
            .iter()
            .enumerate()
            .filter(|(_, t)| t.name == "form" && !t.closing)
        {
            let mut form = Form {
                action: tag.attribute("action").unwrap_or_default().to_owned(),
                method: tag.attribute("method").unwrap_or("get").to_lowercase(),
                fields: Vec::new(),
                controls: Vec::new(),
            };
            let end = self.end_of(i);
            for (j, inner) in self.tags[i..end].iter().enumerate() {
                self.field(i + j, inner, &mut form);
            }
            forms.push((tag.attribute("id").unwrap_or_default().to_owned(), form));
        }
        forms
    }

    fn field(&self, at: usize, tag: &Tag, form: &mut Form) {
        if tag.closing || tag.attribute("disabled").is_some() {
            return;
        }
        let name = tag.attribute("name").unwrap_or_default().to_owned();
        let value = tag.attribute("value").unwrap_or_default().to_owned();
        let id = tag.attribute("id").unwrap_or_default().to_owned();
        match (tag.name.as_str(), tag.attribute("type").unwrap_or("text")) {
            ("input", "checkbox" | "radio") => {
                let value = tag.attribute("value").unwrap_or("on").to_owned();
                if tag.attribute("checked").is_some() {
                    form.fields.push((name.clone(), value.clone()));
                }
                form.controls.push((id, name, value));
            }
            ("button", kind) if kind != "button" && kind != "reset" => {
                form.controls.push((id, name, value))
            }
            ("input", "submit") => form.controls.push((id, name, value)),
            ("input", _) if !name.is_empty() => form.fields.push((name, value)),
            ("textarea", _) if !name.is_empty() => form.fields.push((name, self.inner_text(at))),
            ("select", _) if !name.is_empty() => {
                let end = self.end_of(at);
                let options: Vec<&Tag> = self.tags[at..end]
                    .iter()
                    .filter(|t| t.name == "option" && !t.closing)
                    .collect();
                let chosen = options
                    .iter()
                    .find(|o| o.attribute("selected").is_some())
                    .or(options.first());
                let value = chosen
                    .and_then(|o| o.attribute("value"))
                    .unwrap_or_default();
                form.fields.push((name, value.to_owned()));
            }
            _ => {}
        }
    }
}

#[test]
fn a_form_is_read_as_a_browser_would_send_it() {
    let html = Html::read(
        r#"<p id=x>a <b>b &amp; c</b></p><form id="f" action="/do?a=1&amp;b=2" method="POST">
        <input type="hidden" name="csrf" value="t&#34;"><input name=username value=''>
        <input type="checkbox" name="sid" value="1" id="one"><input type="checkbox" name="sid" value="2" checked>
        <input type="checkbox" name="sid" value="3" disabled>
        <select name="why"><option value="">none</option><option value="other" selected>o</option></select>
        <button id="go" name="all" value="yes">Go</button></form>"#,
    );
    assert_eq!(html.by_id("x").unwrap().text, "a b & c");
    let form = html
        .form("f")
        .unwrap()
        .fill("username", "alice")
        .press("go")
        .tick("sid", "1");
    assert_eq!(
        (form.action.as_str(), form.method.as_str()),
        ("/do?a=1&b=2", "post")
    );
    let fields: Vec<String> = form
        .fields
        .iter()
        .map(|(n, v)| format!("{n}={v}"))
        .collect();
    assert_eq!(
        fields,
        [
            "csrf=t\"",
            "username=alice",
            "sid=2",
            "why=other",
            "all=yes",
            "sid=1"
        ]
    );
    assert!(html.form_around("go").is_some() && html.form_around("gone").is_none());
}
