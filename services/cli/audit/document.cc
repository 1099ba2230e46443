#include "services/cli/audit/document.h"

#include <fmt/format.h>

namespace kefu::cli {
namespace {

std::string Heading(int level, std::string_view text, std::string_view text_zh) {
  std::string heading = fmt::format("<h{}>{}", level, HtmlText(text));
  if (!text_zh.empty()) heading += fmt::format("<span lang=\"zh-Hant\">{}</span>", HtmlText(text_zh));
  return heading + fmt::format("</h{}>\n", level);
}

void AddTable(const DocumentSection& section, std::string* html) {
  *html += "<table>\n<thead><tr>";
  for (const std::string& column : section.columns) *html += fmt::format("<th scope=\"col\">{}</th>", HtmlText(column));
  *html += "</tr></thead>\n<tbody>\n";
  for (const DocumentRow& row : section.rows) {
    *html += row.marked ? "<tr class=\"marked\">" : "<tr>";
    for (const std::string& cell : row.cells) *html += fmt::format("<td>{}</td>", HtmlText(cell));
    *html += "</tr>\n";
  }
  *html += "</tbody>\n</table>\n";
}

// Lines after the first one begin below the first one's text.
std::string Indented(std::string_view text, size_t by) {
  std::string lines;
  for (const char c : text) {
    lines += c;
    if (c == '\n') lines.append(by, ' ');
  }
  return lines;
}

}  // namespace

std::string HtmlOf(const Document& document) {
  std::string html = "<header>\n" + Heading(1, document.title, document.title_zh);
  html += fmt::format("<p>{}</p>\n</header>\n<table class=\"facts\">\n<tbody>\n", HtmlText(document.subtitle));
  for (const auto& [label, value] : document.facts) {
    if (!value.empty())
      html += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", HtmlText(label), HtmlText(value));
  }
  html += "</tbody>\n</table>\n";
  int number = 0;
  for (const DocumentSection& section : document.sections) {
    html += "<section>\n" + Heading(2, fmt::format("{}. {}", ++number, section.title), section.title_zh);
    if (!section.about.empty()) html += fmt::format("<p class=\"about\">{}</p>\n", HtmlText(section.about));
    if (!section.rows.empty())
      AddTable(section, &html);
    else if (!section.none.empty())
      html += fmt::format("<p class=\"none\">{}</p>\n", HtmlText(section.none));
    for (const std::string& command : section.commands) html += fmt::format("<pre>{}</pre>\n", HtmlText(command));
    html += "</section>\n";
  }
  html += "<footer>Made by kefu audit export. This page is not proven itself: the records beside it are.</footer>\n";
  return HtmlPage(document.title, {}, html);
}

std::string TextOf(const Document& document) {
  const auto line = [](std::string_view text) { return Shown(text) + "\n"; };
  std::string text = line(document.title + (document.title_zh.empty() ? "" : "  " + document.title_zh));
  text += line(document.subtitle) + "\n";
  for (const auto& [label, value] : document.facts) {
    if (!value.empty()) text += "  " + Shown(label) + ": " + Indented(Shown(value), 6) + "\n";
  }
  int number = 0;
  for (const DocumentSection& section : document.sections) {
    text += "\n" + line(fmt::format("{}. {}  {}", ++number, section.title, section.title_zh));
    if (!section.about.empty()) text += Indented("   " + Shown(section.about), 3) + "\n";
    if (section.rows.empty() && !section.none.empty()) text += line("   " + section.none);
    for (const DocumentRow& row : section.rows) {
      text += row.marked ? " ! " : " - ";
      bool is_first = true;
      for (size_t i = 0; i < row.cells.size(); ++i) {
        if (row.cells[i].empty()) continue;
        const bool named = i > 0 && i < section.columns.size();
        text += (is_first ? "" : "\n   ") + (named ? Shown(section.columns[i]) + ": " : "") +
                Indented(Shown(row.cells[i]), 5);
        is_first = false;
      }
      text += "\n";
    }
    for (const std::string& command : section.commands) text += "\n" + Indented("     " + Shown(command), 5) + "\n";
  }
  return text;
}

}  // namespace kefu::cli
