//! Where requests begin and end in the bytes of an HTTP/1 connection, told before hyper parses them.
//!
//! hyper takes lines that end with LF alone, lets `Transfer-Encoding` win over `Content-Length`, and
//! drops a repeated `Content-Length`, all of which RFC 9112 allows it to. A proxy in front may read
//! the same bytes another way, and what one takes for a body is a request to the other (R54). So
//! a head must say its length in one way only, in lines written by the book. Everything else about a
//! head is left to hyper.

/// Longest line that is kept; what says a length must be shorter.
const KEPT: usize = 128;
/// Most digits of a length, more than any number of 64 bits has.
const DIGITS: usize = 20;

/// The bytes are refused from here on.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    /// Where the line begins that is refused, in the piece that was looked at.
    pub at: usize,
}

/// What comes next on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The first line of a head, perhaps after empty lines.
    Request,
    /// A further line of a head.
    Header,
    /// That many bytes of a body.
    Body(u64),
    /// The line with a chunk's size.
    Size,
    /// That many bytes of a chunk.
    Chunk(u64),
    /// The empty line behind a chunk.
    ChunkEnd,
    /// A line behind the last chunk.
    Trailer,
    /// HTTP/2, which frames in its own way.
    Frames,
}

/// How long a body is, as far as its head has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Untold,
    Bytes(u64),
    Chunked,
}

/// Follows one connection.
#[derive(Debug)]
pub struct Framing {
    next: Next,
    length: Length,
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    has_begun: bool,
}

impl Default for Framing {
    fn default() -> Self {
        Self::new()
    }
}

impl Framing {
    /// At the beginning of a connection.
    #[must_use]
    pub fn new() -> Self {
        Self {
            next: Next::Request,
            length: Length::Untold,
            line: Vec::new(),
            has_begun: false,
        }
    }

    /// Whether the first line of any request has come; empty lines are none.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether a head has begun and not ended.
    #[must_use]
    pub fn is_in_head(&self) -> bool {
        self.next == Next::Header || (self.next == Next::Request && !self.line.is_empty())
    }

    /// Whether the client has more to send of a request that has begun.
    #[must_use]
    pub fn is_in_request(&self) -> bool {
        self.is_in_head() || !matches!(self.next, Next::Request | Next::Frames)
    }

    /// Looks at what has come.
    ///
    /// # Errors
    /// The line that is refused.
    pub fn look(&mut self, piece: &[u8]) -> Result<(), Refused> {
        let mut at = 0;
        while at < piece.len() {
            let rest = &piece[at..];
            match self.next {
                Next::Frames => return Ok(()),
                Next::Body(left) => at += self.skip(left, rest, Next::Body, Next::Request),
                Next::Chunk(left) => at += self.skip(left, rest, Next::Chunk, Next::ChunkEnd),
                Next::Request | Next::Header | Next::Size | Next::ChunkEnd | Next::Trailer => {
                    let end = rest.iter().position(|b| *b == b'\n');
                    let part = &rest[..end.unwrap_or(rest.len())];
                    let whole = end.is_some();
                    self.part(part, whole).map_err(|()| Refused { at })?;
                    at += part.len() + usize::from(whole);
                }
            }
        }
        Ok(())
    }

    fn skip(&mut self, left: u64, rest: &[u8], more: fn(u64) -> Next, then: Next) -> usize {
        let here = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
        let left = left - here as u64;
        self.next = if left == 0 { then } else { more(left) };
        here
    }

    /// Takes a part of a line; `whole` when its end has come.
    fn part(&mut self, part: &[u8], whole: bool) -> Result<(), ()> {
        // A long line is cut the same way whether or not it comes in pieces.
        if !whole || !self.line.is_empty() || part.len() > KEPT {
            let room = KEPT.saturating_sub(self.line.len());
            // Of a longer line the end is kept, where the CR must be.
            match part.split_last() {
                Some((last, _)) if part.len() > room => {
                    self.line.extend_from_slice(&part[..room]);
                    self.line.truncate(KEPT);
                    self.line[KEPT - 1] = *last;
                }
                _ => self.line.extend_from_slice(part),
            }
        }
        if !whole {
            return Ok(());
        }
        if self.line.is_empty() {
            return self.line(part);
        }
        let line = std::mem::take(&mut self.line);
        let outcome = self.line(&line);
        self.line = line;
        self.line.clear();
        outcome
    }

    /// Takes a line without its LF.
    fn line(&mut self, line: &[u8]) -> Result<(), ()> {
        let line = line.strip_suffix(b"\r").ok_or(())?;
        self.has_begun |= !line.is_empty();
        self.next = match (self.next, line) {
            (Next::Request, b"") => Next::Request,
            (Next::Request, b"PRI * HTTP/2.0") => Next::Frames,
            (Next::Request, _) => {
                self.length = Length::Untold;
                Next::Header
            }
            (Next::Header, b"") => match self.length {
                Length::Untold | Length::Bytes(0) => Next::Request,
                Length::Bytes(n) => Next::Body(n),
                Length::Chunked => Next::Size,
            },
            (Next::Header, _) => {
                self.header(line)?;
                Next::Header
            }
            (Next::Size, _) => match chunk_size(line)? {
                0 => Next::Trailer,
                n => Next::Chunk(n),
            },
            (Next::ChunkEnd, b"") => Next::Size,
            (Next::Trailer, b"") => Next::Request,
            (Next::Trailer, _) => Next::Trailer,
            (Next::ChunkEnd | Next::Body(_) | Next::Chunk(_) | Next::Frames, _) => return Err(()),
        };
        Ok(())
    }

    fn header(&mut self, line: &[u8]) -> Result<(), ()> {
        let colon = line.iter().position(|b| *b == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        // A blank before the colon is no part of a name (RFC 9112, section 5.1).
        let length = if name.trim_ascii().eq_ignore_ascii_case(b"content-length") {
            Length::Bytes(digits(value, 10)?)
        } else if name.trim_ascii().eq_ignore_ascii_case(b"transfer-encoding") {
            if !value.eq_ignore_ascii_case(b"chunked") {
                return Err(());
            }
            Length::Chunked
        } else {
            return Ok(());
        };
        // Of a line that may have been cut, the value is not what the client sent.
        let cut = line.len() + 1 >= KEPT;
        if self.length != Length::Untold || name.trim_ascii() != name || cut {
            return Err(());
        }
        self.length = length;
        Ok(())
    }
}

/// The size of a chunk, before its extensions (RFC 9112, section 7.1).
fn chunk_size(line: &[u8]) -> Result<u64, ()> {
    let end = line.iter().position(|b| *b == b';').unwrap_or(line.len());
    digits(line[..end].trim_ascii_end(), 16)
}

/// A number that is digits and nothing else.
fn digits(text: &[u8], radix: u32) -> Result<u64, ()> {
    let text = std::str::from_utf8(text).map_err(|_| ())?;
    if text.is_empty() || text.len() > DIGITS || !text.chars().all(|c| c.is_digit(radix)) {
        return Err(());
    }
    u64::from_str_radix(text, radix).map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "POST /x HTTP/1.1\r\nHost: a\r\n";

    /// Looks at a text whole, and byte by byte; both must say the same.
    fn look(text: &str) -> Result<Framing, ()> {
        let mut whole = Framing::new();
        let outcome = whole.look(text.as_bytes()).map_err(|_| ());
        let mut slow = Framing::new();
        let bytes = text.as_bytes().chunks(1);
        let bytewise = bytes.map(|b| slow.look(b)).collect::<Result<Vec<_>, _>>();
        assert_eq!(outcome.is_ok(), bytewise.is_ok(), "{text:?}");
        if outcome.is_ok() {
            assert_eq!(whole.next, slow.next, "{text:?}");
        }
        outcome.map(|()| whole)
    }

    #[test]
    fn r54_requests_that_tell_their_length_once_are_followed_to_their_end() {
        let long = "x".repeat(1_000);
        for text in [
            format!("{HEAD}\r\n"),
            format!("\r\n\r\n{HEAD}\r\n"),
            format!("{HEAD}Content-Length: 0\r\n\r\n"),
            format!("{HEAD}content-LENGTH:5 \r\n\r\n\nab\0\r"),
            format!("{HEAD}X-Long: {long}\r\nContent-Length: 1000\r\n\r\n{long}"),
            format!(
                "{HEAD}Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=\"y\"\r\n0123\r\n6789\r\n0\r\n\r\n"
            ),
            format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n"),
            format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n1;{long}\r\nx\r\n0\r\n\r\n"),
        ] {
            let framing = look(&text.repeat(2)).unwrap();
            assert!(!framing.is_in_request(), "{text:?} {framing:?}");
        }
        assert!(look(HEAD).unwrap().is_in_head());
        assert!(look("GE").unwrap().is_in_head());
        assert!(!look("").unwrap().is_in_head());
        let body = look(&format!("{HEAD}Content-Length: 2\r\n\r\na")).unwrap();
        assert!(body.is_in_request() && !body.is_in_head());
        assert!(look("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\n").is_ok());
    }

    #[test]
    fn r54_requests_that_two_readers_could_read_differently_are_refused() {
        let long = "x".repeat(1_000);
        let (zeros, blanks) = ("0".repeat(200), " ".repeat(109));
        for text in [
            "GET / HTTP/1.1\n".to_owned(),
            format!("{HEAD}X: y\n"),
            format!("{HEAD}X-Long: {long}\n"),
            format!("{HEAD}\n"),
            format!("{HEAD}Content-Length: 1\r\nContent-Length: 1\r\n"),
            format!("{HEAD}Content-Length: 1\r\ntransfer-encoding: chunked\r\n"),
            format!("{HEAD}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
            format!("{HEAD}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
            format!("{HEAD}Content-Length : 1\r\n"),
            format!("{HEAD} Content-Length: 1\r\n"),
            format!("{HEAD}Content-Length: \r\n"),
            format!("{HEAD}Content-Length: +1\r\n"),
            format!("{HEAD}Content-Length: 1, 1\r\n"),
            format!("{HEAD}Content-Length: 99999999999999999999\r\n"),
            format!("{HEAD}Transfer-Encoding: identity\r\n"),
            format!("{HEAD}Transfer-Encoding: gzip, chunked\r\n"),
            format!("{HEAD}Transfer-Encoding: chunked{long}\r\n"),
            format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n\r\n"),
            format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n0x1\r\n"),
            format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n1\nx"),
            format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n"),
            format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n"),
            // Too long to be kept when they come in pieces: what is cut off would change the number.
            format!("{HEAD}Content-Length: {zeros}5\r\n\r\n"),
            format!("{HEAD}Content-Length: {blanks}1234\r\n\r\n"),
            format!("{HEAD}Content-Length: 5{blanks}{blanks}\r\n\r\n"),
            format!("{HEAD}Transfer-Encoding: {blanks}chunked\r\n\r\n"),
            format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{zeros}5\r\n"),
        ] {
            assert!(look(&text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_refused_line_is_told_by_its_begin() {
        let text = format!("{HEAD}Content-Length: 1\r\nContent-Length: 1\r\nX: y\r\n");
        let refused = Framing::new().look(text.as_bytes()).unwrap_err();
        assert_eq!(text[refused.at..].lines().next(), Some("Content-Length: 1"));
        assert_eq!(refused.at, HEAD.len() + "Content-Length: 1\r\n".len());
    }
}
