//! Which control a value gets.

use super::*;
use crate::model::describe::describe;

fn field(kind: Kind, widget: Option<Widget>) -> Field {
    let of = describe::<crate::entity::system::role::Entity>();
    let any = of.fields.into_iter().next().unwrap();
    Field {
        kind,
        widget,
        nullable: false,
        has_default: false,
        ..any
    }
}

/// The control's name, and whether a form shows the value in it.
fn control(kind: Kind, widget: Option<Widget>, text: &str) -> String {
    let field = field(kind, widget);
    let state = Some(text.to_owned());
    let control = Control::editable(&field, Purpose::Edit, &state, &state, None);
    let html = control.render().unwrap();
    let shown = escaped(text);
    assert!(html.contains(&shown), "{html}");
    let name = format!("{:?}", control.shape);
    name.split([' ', '(']).next().unwrap().to_owned()
}

/// What a template makes of a text.
fn escaped(text: &str) -> String {
    text.replace('&', "&#38;")
        .replace('<', "&#60;")
        .replace('"', "&#34;")
}

#[test]
fn a_control_that_cannot_show_a_value_gives_way() {
    let at = |kind: Kind, text: &str| control(kind, None, text);
    assert_eq!(at(Kind::Date, "2026-11-22"), "Date");
    assert_eq!(at(Kind::Date, "12026-11-22"), "Text");
    assert_eq!(at(Kind::Date, "2026-02-31"), "Text");
    assert_eq!(at(Kind::Timestamp, "2026-11-22T07:08:09.123"), "DateTime");
    assert_eq!(at(Kind::Timestamp, "2026-11-22T07:08:09.123456"), "Text");
    assert_eq!(at(Kind::Time, "07:08:09"), "Time");
    assert_eq!(at(Kind::Text(Some(50)), "a"), "Text");
    assert_eq!(at(Kind::Text(Some(50)), "a\nb"), "LongText");
    assert_eq!(at(Kind::Text(None), "a"), "LongText");
    let int = || Kind::Int(crate::model::IntSize::I64);
    assert_eq!(at(int(), "12"), "Integer");
    assert_eq!(at(int(), "1e2"), "Text");
}

#[test]
fn the_registration_chooses_the_control() {
    let at = |widget, text: &str| control(Kind::Text(None), Some(widget), text);
    assert_eq!(at(Widget::Text, "a"), "Text");
    assert_eq!(at(Widget::TextArea, "a"), "LongText");
    assert_eq!(at(Widget::Email, "a@b.de"), "Email");
    assert_eq!(at(Widget::Email, " a@b.de"), "Text");
    assert_eq!(at(Widget::Url, "https://a.de"), "Url");
    assert_eq!(at(Widget::Color, "#ff0000"), "Colour");
    let kind = || Kind::Enum {
        native: None,
        variants: vec!["a".into(), "b".into()],
    };
    let state = Some("a".to_owned());
    let field = field(kind(), Some(Widget::Radio));
    let control = Control::editable(&field, Purpose::Edit, &state, &state, None);
    assert!(control.grouped());
    let html = control.render().unwrap();
    assert_eq!(html.matches("type=\"radio\"").count(), 2, "{html}");
    assert_eq!(html.matches("checked").count(), 1, "{html}");
}

#[test]
fn a_stored_value_that_is_no_choice_stays_chosen() {
    let kind = Kind::Enum {
        native: None,
        variants: vec!["a".into()],
    };
    assert_eq!(control(kind, None, "old"), "Choice");
}

#[test]
fn a_picture_is_seen_when_it_is_one() {
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
    let html = |text: &str| {
        let field = field(Kind::Bytes(None), Some(Widget::Image));
        let state = Some(text.to_owned());
        Control::editable(&field, Purpose::Edit, &state, &state, None)
            .render()
            .unwrap()
    };
    assert!(html(png).contains("src=\"data:image/png;base64,"));
    assert!(!html("PHN2Zz48c2NyaXB0Pg==").contains("<img"), "no SVG");
}

#[test]
fn a_browser_does_not_insist_on_a_text_where_a_file_may_be_chosen() {
    let of = describe::<crate::entity::system::role::Entity>();
    let name = of.fields.into_iter().find(|f| f.name == "name").unwrap();
    let required = |kind| {
        let field = Field {
            kind,
            ..name.clone()
        };
        let control = Control::editable(&field, Purpose::Create, &None, &None, None);
        control.render().unwrap().contains(" required")
    };
    assert!(required(Kind::Text(Some(50))));
    assert!(!required(Kind::Bytes(None)));
}
