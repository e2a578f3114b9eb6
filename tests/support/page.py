"""A page of kith report: page.py PAGE TEXT …: it is whole and safe, and its source has these texts."""
import html.parser, sys

VOID = {"meta", "br", "hr", "path", "circle", "rect", "line"}


class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.open, self.ids = [], []

    def handle_starttag(self, tag, attrs):
        self.check(tag, attrs)
        if tag not in VOID: self.open.append(tag)

    def handle_startendtag(self, tag, attrs): self.check(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> in {self.open} at {self.getpos()}"
        self.open.pop()

    def check(self, tag, attrs):
        assert tag not in ("script", "link", "img", "iframe", "object", "base", "form", "image", "use", "b onerror"), tag
        for name, value in attrs:
            assert not name.startswith("on") and name not in ("src", "srcset", "style", "xlink:href"), (tag, name)
            assert name != "href" or value.startswith("#"), value
            if name == "id":
                assert value not in self.ids, f"two elements of id {value}"
                self.ids.append(value)


page = open(sys.argv[1], encoding="utf-8").read()
assert page.startswith("<!doctype html>") and page.rstrip().endswith("</html>")
assert "default-src 'none'" in page and len(page) < 2 << 20
assert "url(" not in page and "@import" not in page
r = Reader()
r.feed(page)
r.close()
assert not r.open, r.open
for text in sys.argv[2:]: assert text in page, f"{text} is not in {sys.argv[1]}"
