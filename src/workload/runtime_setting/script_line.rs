//! [`ScriptLine`]: the command that is being read of a script.
//!
//! Takes characters and operators as they come; knows the shell's own words, redirections, and which commands belong
//! together in lists, pipelines and brackets.

use super::word::base_name;

/// Words before a command that are none of its own.
const BEFORE_COMMAND: [&str; 9] = ["then", "else", "elif", "do", "!", "time", "exec", "nohup", "command"];
/// Levels of brackets whose `&` reaches back to what stands before inner brackets: each may look through all of it.
const MOST_LEVELS: usize = 64;
const SHELLS: [&str; 6] = ["sh", "bash", "ash", "dash", "ksh", "zsh"];
const OPENING: [&str; 6] = ["{", "if", "while", "until", "for", "case"];
const CLOSING: [&str; 4] = ["}", "fi", "done", "esac"];

/// What has been read of a script and not yet run, and where in it that is.
pub struct ScriptLine {
    pub words: Vec<String>,
    pub word: Option<String>,
    /// The next word is where a redirection goes.
    pub drop_next: bool,
    /// The process that the list starts with which an `&` would send to the background.
    pub list: usize,
    /// Lanes of the parts of a pipeline.
    pub lanes: Vec<usize>,
    /// The part that is read, and the last one that was.
    pub place: usize,
    pub last_place: usize,
    /// The brackets that are open, and the shell's words that are like them.
    open: Vec<Opened>,
}

/// A bracket, and what stood before it.
struct Opened {
    list: usize,
    place: usize,
    /// Whether it is a `case`, and what is read now is one of its patterns.
    pattern: Option<bool>,
    /// Lanes that there were before the first of its branches. Of branches one is run, so all take the same lanes.
    lanes_before: Option<usize>,
    /// The most that there were after one of them.
    lanes_after: usize,
}

impl ScriptLine {
    pub fn new(lane: usize, list: usize) -> Self {
        Self {
            words: Vec::new(),
            word: None,
            drop_next: false,
            list,
            lanes: vec![lane],
            place: 0,
            last_place: 0,
            open: Vec::new(),
        }
    }

    pub fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    pub fn extend(&mut self, chars: impl Iterator<Item = char>) {
        self.word.get_or_insert_default().extend(chars);
    }

    pub fn end_word(&mut self) {
        if let Some(word) = self.word.take()
            && !std::mem::take(&mut self.drop_next)
        {
            self.words.push(word);
        }
    }

    /// Ends the word, which may be one of the shell's own; `processes` have been started.
    pub fn end_word_at(&mut self, processes: usize, lanes: &mut usize) {
        let first = self.words.is_empty() && self.word.is_some();
        self.end_word();
        let [word] = self.words.as_slice() else { return };
        let word = word.as_str();
        if !first {
            return;
        }
        if OPENING.contains(&word) {
            let is_case = word == "case";
            self.words.clear();
            self.open(processes);
            if let Some(opened) = self.open.last_mut().filter(|_| is_case) {
                opened.pattern = Some(true);
                opened.lanes_before = Some(*lanes);
            }
        } else if CLOSING.contains(&word) {
            self.words.clear();
            self.close(lanes);
        } else if BEFORE_COMMAND.contains(&word) {
            match word {
                // Conditions are no branches: each may be evaluated.
                "then" => {
                    if let Some(opened) = self.open.last_mut() {
                        opened.lanes_before.get_or_insert(*lanes);
                    }
                }
                "else" | "elif" => self.next_branch(lanes),
                _ => {}
            }
            self.words.clear();
        }
    }

    pub fn open(&mut self, processes: usize) {
        self.open.push(Opened {
            list: self.list,
            place: self.place,
            pattern: None,
            lanes_before: None,
            lanes_after: 0,
        });
        self.list = processes;
        self.last_place = self.place;
    }

    pub fn close(&mut self, lanes: &mut usize) {
        if let Some(opened) = self.open.pop() {
            if self.open.len() < MOST_LEVELS {
                self.list = opened.list;
            }
            self.place = opened.place;
            *lanes = opened.lanes_after.max(*lanes);
        }
    }

    /// Closes what the script has left open.
    pub fn close_all(&mut self, lanes: &mut usize) {
        while !self.open.is_empty() {
            self.close(lanes);
        }
    }

    fn next_branch(&mut self, lanes: &mut usize) {
        if let Some(opened) = self.open.last_mut()
            && let Some(before) = opened.lanes_before
        {
            opened.lanes_after = opened.lanes_after.max(*lanes);
            *lanes = before;
        }
    }

    pub fn in_case(&self) -> bool {
        self.open.last().is_some_and(|opened| opened.pattern.is_some())
    }

    /// Whether a `)` ends a pattern of a `case`.
    pub fn in_pattern(&self) -> bool {
        self.open.last().is_some_and(|opened| opened.pattern == Some(true))
    }

    pub fn start_pattern(&mut self, lanes: &mut usize) {
        self.next_branch(lanes);
        self.set_pattern(true);
    }

    pub fn end_pattern(&mut self) {
        self.set_pattern(false);
    }

    fn set_pattern(&mut self, is_pattern: bool) {
        if let Some(opened) = self.open.last_mut() {
            opened.pattern = Some(is_pattern);
        }
    }

    /// A pattern is no command.
    pub fn drop_pattern(&mut self) {
        self.word = None;
        self.drop_next = false;
        self.words.clear();
    }

    pub fn start_pipeline(&mut self) {
        self.place = self.open.last().map_or(0, |opened| opened.place);
        self.last_place = self.place;
    }

    pub fn start_list(&mut self, processes: usize) {
        self.start_pipeline();
        self.list = processes;
    }

    /// Whether the command is a shell, so that it runs what it is given.
    pub fn is_of_shell(&self) -> bool {
        self.words.iter().any(|word| SHELLS.contains(&base_name(word)))
    }

    /// Takes `>`, `2>&1`, `<<EOF` and the like; the characters of it.
    pub fn redirect(&mut self, text: &[char]) -> usize {
        // The number of what is redirected.
        if self.word.as_deref().is_some_and(|word| word.bytes().all(|b| b.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        self.drop_next = true;
        let mut operator = text.iter().take_while(|c| matches!(c, '<' | '>' | '&' | '|')).count();
        operator += usize::from(text.starts_with(&['<', '<', '-']));
        operator + text[operator..].iter().take_while(|c| matches!(c, ' ' | '\t')).count()
    }
}
