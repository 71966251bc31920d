//! logcount counts the lines of standard input that match each of the given regular expressions.
//!
//!     logcount ' 5[0-9][0-9] ' 'timeout' < access.log

use regex::bytes::RegexSet;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let patterns: Vec<String> = std::env::args().skip(1).collect();
    if patterns.is_empty() {
        eprintln!("usage: logcount REGEX... < LOG");
        return ExitCode::from(2);
    }
    match run(&patterns) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("logcount: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(patterns: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let set = RegexSet::new(patterns)?;
    let mut counts = vec![0u64; patterns.len()];
    let mut line = Vec::new();
    let mut input = io::stdin().lock();
    while input.read_until(b'\n', &mut line)? > 0 {
        for hit in set.matches(&line) {
            counts[hit] += 1;
        }
        line.clear();
    }
    let mut out = io::stdout().lock();
    let mut digits = itoa::Buffer::new();
    for (pattern, count) in patterns.iter().zip(counts) {
        out.write_all(digits.format(count).as_bytes())?;
        writeln!(out, "\t{pattern}")?;
    }
    Ok(())
}
