#pragma once

// Text on a terminal: how wide it is, and how to keep data from steering the terminal.

#include <cstdio>
#include <string>
#include <string_view>

namespace kefu::runtime {

// Columns that UTF-8 `text` takes on a terminal: 2 for East Asian wide characters and emoji, 0 for combining marks.
// Source: Unicode Standard Annex 11. Bytes that are no UTF-8 count as one each.
int DisplayWidth(std::string_view text);

// `text` cut to at most `width` columns; an ellipsis takes the last one where something was cut. Never cuts inside a
// character.
std::string CutToWidth(std::string_view text, int width);

// `text` with spaces up to `width` columns.
std::string PadToWidth(std::string_view text, int width);

// `text` with control characters and broken UTF-8 shown as U+FFFD, line breaks and tabs as spaces. Data from outside
// goes through this before it reaches a terminal, or it could move the cursor and hide things.
std::string Printable(std::string_view text);

bool IsTerminal(std::FILE* file);
// Columns of the terminal behind `file`; 100 if it is none.
int TerminalWidth(std::FILE* file);

// "12,345".
std::string WithThousands(int64_t number);

// How many single-character edits turn `a` into `b` (swaps of neighbours count as one).
int EditDistance(std::string_view a, std::string_view b);

}  // namespace kefu::runtime
