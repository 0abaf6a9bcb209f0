//! Charts: labels and values in, markup out. `page/chart.html` draws a [`Chart`] as an SVG whose bars
//! stretch with the page and whose words are HTML, so that they are as large as all others; the data
//! stand below it as a table. Knows no model and asks nothing.

/// A value with its label.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Point {
    /// What it is the value of.
    pub label: String,
    /// How long its bar is; `None` where there is nothing to measure.
    pub value: Option<f64>,
    /// The value for people.
    pub text: String,
    /// Where its label leads; empty when nowhere.
    pub href: String,
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Upright columns from left to right: values over time.
    Columns,
    /// Bars below each other, each in the row of its label: groups.
    Bars,
}

/// A chart, ready for its template.
#[derive(Debug, Clone)]
pub struct Chart {
    /// What it shows, in words.
    pub title: String,
    /// The headings of its table: of the labels and of the values.
    pub heads: (String, String),
    /// Its values, in order.
    pub points: Vec<Point>,
    /// How it is drawn.
    pub shape: Shape,
    low: f64,
    high: f64,
}

/// A rectangle in a field of 1000 by 100, as the attributes of an SVG have it.
#[derive(Debug, PartialEq, Eq)]
pub struct Bar {
    /// The left edge.
    pub x: String,
    /// The upper edge.
    pub y: String,
    /// The width.
    pub width: String,
    /// The height.
    pub height: String,
}

/// A line across the field, and what it stands for.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// How far it is from the upper edge, of 100.
    pub y: String,
    /// Its value.
    pub text: String,
}

fn is_whole(value: f64) -> bool {
    value.fract() == 0.0
}

/// The part of a column's place that stays empty.
const GAP: f64 = 0.18;

impl Chart {
    /// A chart of these values.
    #[must_use]
    pub fn new(shape: Shape, title: String, heads: (String, String), points: Vec<Point>) -> Self {
        let values = points.iter().filter_map(|p| p.value);
        let (low, high) = values.fold((0_f64, 0_f64), |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = match shape {
            Shape::Columns => (-ceiling(-low), ceiling(high)),
            Shape::Bars => (low, high),
        };
        Self {
            title,
            heads,
            points,
            shape,
            low,
            high: if low == high { 1.0 } else { high },
        }
    }

    /// Whether there is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Whether it stands in columns.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.shape == Shape::Columns
    }

    /// The column of the `i`th value in the field.
    #[must_use]
    pub fn column(&self, i: &usize) -> Option<Bar> {
        let value = self.points.get(*i)?.value?;
        let place = 1000.0 / number(self.points.len());
        let (top, bottom) = (self.part(value.max(0.0)), self.part(value.min(0.0)));
        Some(Bar {
            x: short(place * (number(*i) + GAP / 2.0)),
            y: short(100.0 - top),
            width: short(place * (1.0 - GAP)),
            height: short(top - bottom),
        })
    }

    /// The bar of a value in a row of its own.
    #[must_use]
    pub fn bar(&self, value: &Option<f64>) -> Option<Bar> {
        let value = (*value)?;
        let (right, left) = (self.part(value.max(0.0)), self.part(value.min(0.0)));
        Some(Bar {
            x: short(left * 10.0),
            y: "0".into(),
            width: short((right - left) * 10.0),
            height: "100".into(),
        })
    }

    /// The lines across, from the highest.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let at = |value: f64| Line {
            y: short(100.0 - self.part(value)),
            text: rounded(value),
        };
        let middle = self.high / 2.0;
        // There is no half of a thing that is counted.
        let counts = self.points.iter().filter_map(|p| p.value).all(is_whole);
        if self.low < 0.0 {
            vec![at(self.high), at(0.0), at(self.low)]
        } else if counts && !is_whole(middle) {
            vec![at(self.high), at(0.0)]
        } else {
            vec![at(self.high), at(middle), at(0.0)]
        }
    }

    /// The labels under the columns: at most five, the first and the last among them.
    #[must_use]
    pub fn ticks(&self) -> Vec<&str> {
        let last = self.points.len().saturating_sub(1);
        let steps = last.clamp(1, 4);
        let mut at: Vec<usize> = (0..=steps).map(|i| i * last / steps).collect();
        at.dedup();
        at.into_iter()
            .filter_map(|i| self.points.get(i).map(|p| p.label.as_str()))
            .collect()
    }

    /// How far up a value is, of 100.
    fn part(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low) * 100.0
    }
}

#[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
fn number(n: usize) -> f64 {
    n as f64
}

/// The next of 1, 2, 5, 10, 20 … that is not below a value.
fn ceiling(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 0.0;
    }
    let unit = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    let step = steps.into_iter().find(|s| s * unit >= value * 0.999_999);
    step.unwrap_or(10.0) * unit
}

/// A length with one decimal at most.
fn short(length: f64) -> String {
    let text = format!("{length:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// `1500` as `1.5k`: the value of a line, which needs no more digits.
fn rounded(value: f64) -> String {
    for (unit, name) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if value.abs() >= unit {
            return format!("{}{name}", short(value / unit));
        }
    }
    if value == 0.0 || value.abs() >= 0.1 {
        short(value)
    } else {
        format!("{value:.1e}")
    }
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::*;
    use crate::page::filters;

    #[derive(Template)]
    #[template(path = "page/chart.html")]
    struct Page {
        chart: Chart,
    }

    #[test]
    fn a_chart_is_a_picture_and_a_table_of_the_same_values() {
        for shape in [Shape::Columns, Shape::Bars] {
            let mut chart = chart(shape, &[1.0, 3.0]);
            chart.points[0].label = "<b>".into();
            chart.points[1].href = "/admin/x?a=1&b=2".into();
            chart.points.push(Point {
                label: "none".into(),
                text: "—".into(),
                ..Point::default()
            });
            let html = Page { chart }.render().unwrap();
            assert_eq!(html.matches("<rect ").count(), 2, "{html}");
            assert_eq!(html.matches("<tr><th scope=\"row\"").count(), 3, "{html}");
            assert!(!html.contains("<b>") && html.contains("<td class=\"num\">3</td>"));
            assert!(html.contains("href=\"/admin/x?a=1&#38;b=2\""), "{html}");
        }
        let chart = chart(Shape::Bars, &[]);
        assert!(Page { chart }.render().unwrap().contains("nothing to draw"));
    }

    fn chart(shape: Shape, values: &[f64]) -> Chart {
        let point = |(i, value): (usize, &f64)| Point {
            label: format!("p{i}"),
            value: Some(*value),
            text: value.to_string(),
            href: String::new(),
        };
        let points = values.iter().enumerate().map(point).collect();
        Chart::new(shape, "T".into(), ("A".into(), "B".into()), points)
    }

    fn bar(x: &str, y: &str, width: &str, height: &str) -> Option<Bar> {
        let [x, y, width, height] = [x, y, width, height].map(str::to_owned);
        Some(Bar {
            x,
            y,
            width,
            height,
        })
    }

    #[test]
    fn columns_stand_on_the_line_of_zero() {
        let up = chart(Shape::Columns, &[50.0, 80.0]);
        assert_eq!(up.column(&0), bar("45", "50", "410", "50"));
        assert_eq!(up.column(&1), bar("545", "20", "410", "80"));
        let lines: Vec<String> = up.lines().into_iter().map(|l| l.text).collect();
        assert_eq!(lines, ["100", "50", "0"]);
        let texts = |values: &[f64]| {
            let lines = chart(Shape::Columns, values).lines();
            lines.into_iter().map(|l| l.text).collect::<Vec<_>>()
        };
        assert_eq!(texts(&[1.0, 0.0]), ["1", "0"]);
        assert_eq!(texts(&[0.9]), ["1", "0.5", "0"]);
        let both = chart(Shape::Columns, &[10.0, -10.0]);
        assert_eq!(both.column(&0), bar("45", "0", "410", "50"));
        assert_eq!(both.column(&1), bar("545", "50", "410", "50"));
    }

    #[test]
    fn bars_share_the_width_by_their_values() {
        let bars = chart(Shape::Bars, &[40.0, 10.0]);
        assert_eq!(bars.bar(&Some(40.0)), bar("0", "0", "1000", "100"));
        assert_eq!(bars.bar(&Some(10.0)), bar("0", "0", "250", "100"));
        assert_eq!(bars.bar(&None), None);
        assert_eq!(
            chart(Shape::Bars, &[0.0]).bar(&Some(0.0)),
            bar("0", "0", "0", "100")
        );
    }

    #[test]
    fn few_labels_stand_under_many_columns() {
        assert_eq!(chart(Shape::Columns, &[1.0; 3]).ticks(), ["p0", "p1", "p2"]);
        let many = chart(Shape::Columns, &[1.0; 41]);
        assert_eq!(many.ticks(), ["p0", "p10", "p20", "p30", "p40"]);
        assert!(chart(Shape::Columns, &[]).ticks().is_empty());
    }

    #[test]
    fn a_scale_ends_at_a_round_number() {
        assert_eq!(
            [0.7, 1.0, 23.0, 999.0, 0.0].map(ceiling),
            [1.0, 1.0, 25.0, 1000.0, 0.0]
        );
        assert_eq!(
            [1500.0, 2e6, 0.25, 0.0, 0.001].map(rounded),
            ["1.5k", "2M", "0.2", "0", "1.0e-3"]
        );
    }
}
