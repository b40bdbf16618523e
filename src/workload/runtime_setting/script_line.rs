//! [`ScriptLine`]: the command that is being read of a script.
//!
//! Takes characters and operators as they come; knows the shell's own words, redirections, and which commands belong
//! together in lists, pipelines and brackets.

/// Words before a command that are none of its own.
const BEFORE_COMMAND: [&str; 9] = ["then", "else", "elif", "do", "!", "time", "exec", "nohup", "command"];
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
    /// Lists and places that brackets stand in.
    open: Vec<(usize, usize)>,
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
    pub fn end_word_at(&mut self, processes: usize) {
        let first = self.words.is_empty() && self.word.is_some();
        self.end_word();
        let [word] = self.words.as_slice() else { return };
        let word = word.as_str();
        if !first {
            return;
        }
        if OPENING.contains(&word) {
            self.words.clear();
            self.open(processes);
        } else if CLOSING.contains(&word) {
            self.words.clear();
            self.close();
        } else if BEFORE_COMMAND.contains(&word) {
            self.words.clear();
        }
    }

    pub fn open(&mut self, processes: usize) {
        self.open.push((self.list, self.place));
        self.list = processes;
        self.last_place = self.place;
    }

    pub fn close(&mut self) {
        if let Some((list, place)) = self.open.pop() {
            self.list = list;
            self.place = place;
        }
    }

    pub fn start_pipeline(&mut self) {
        self.place = self.open.last().map_or(0, |(_, place)| *place);
        self.last_place = self.place;
    }

    pub fn start_list(&mut self, processes: usize) {
        self.start_pipeline();
        self.list = processes;
    }

    /// Takes `>`, `2>&1`, `<<EOF` and the like; the characters of it.
    pub fn redirect(&mut self, text: &[char]) -> usize {
        // The number of what is redirected.
        if self.word.as_deref().is_some_and(|word| word.bytes().all(|b| b.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        self.drop_next = true;
        let operator = text.iter().take_while(|c| matches!(c, '<' | '>' | '&' | '|')).count();
        operator + text[operator..].iter().take_while(|c| matches!(c, ' ' | '\t')).count()
    }
}
