//! [`HereDocuments`]: lines that `<<WORD` gives to a command, which are none of the script's own.
//!
//! Takes the characters from the operator on, later those of the lines after it; tells where these end. A document
//! without an end is none. After POSIX, "Shell Command Language", "Here-Document".

/// Characters that a word which ends a document may have.
const LONGEST_WORD: usize = 200;

/// The documents that a line of a script has announced.
#[derive(Debug, Default)]
pub struct HereDocuments {
    announced: Vec<HereDocument>,
    /// One had no end. No further ones are heeded: to look for the end of each would be to read a long script again
    /// and again.
    unended: bool,
}

#[derive(Debug)]
struct HereDocument {
    /// The line that ends it.
    end: Vec<char>,
    /// `<<-`: tabs before a line are none of it.
    without_tabs: bool,
}

impl HereDocuments {
    /// Takes note of what `text` announces, if it begins with `<<WORD` or `<<-WORD`.
    pub fn announce(&mut self, text: &[char]) {
        if !self.unended {
            self.announced.extend(HereDocument::of(text));
        }
    }

    /// How many characters of `lines`, those after the line that is over, are theirs.
    pub fn length(&mut self, lines: &[char]) -> usize {
        let mut length = 0;
        for document in std::mem::take(&mut self.announced) {
            let Some(more) = document.length(&lines[length..]) else {
                self.unended = true;
                break;
            };
            length += more;
        }
        length
    }
}

impl HereDocument {
    fn of(text: &[char]) -> Option<Self> {
        let after = text.strip_prefix(&['<', '<'])?;
        let without_tabs = after.first() == Some(&'-');
        let after = &after[usize::from(without_tabs)..];
        let blanks = after.iter().take_while(|c| matches!(c, ' ' | '\t')).count();
        let (mut end, mut quote) = (Vec::new(), None);
        let mut word = after[blanks..].iter().take(LONGEST_WORD);
        while let Some(&c) = word.next() {
            match c {
                _ if quote == Some(c) => quote = None,
                _ if quote.is_some() => end.push(c),
                '\'' | '"' => quote = Some(c),
                '\\' => end.extend(word.next()),
                '|' | '&' | ';' | '<' | '>' | '(' | ')' => break,
                c if c.is_whitespace() => break,
                c => end.push(c),
            }
        }
        (!end.is_empty() && quote.is_none()).then_some(Self { end, without_tabs })
    }

    /// Its length with the line that ends it; `None` where there is no such line.
    fn length(&self, lines: &[char]) -> Option<usize> {
        let mut length = 0;
        for line in lines.split(|c| *c == '\n') {
            let tabs = line.iter().take_while(|c| self.without_tabs && **c == '\t').count();
            length += line.len() + 1;
            if line[tabs..] == *self.end {
                return Some(length.min(lines.len()));
            }
        }
        None
    }
}
