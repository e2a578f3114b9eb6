/* Recognize files that are not text lists by their first bytes, and tell how to convert them. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "ingest/lists.h"

/* A file type: these bytes at offset `at`. */
typedef struct file_type {
  int at, size;
  const char *bytes, *what, *how;
} file_type;

#define BYTES(text) (int)sizeof(text) - 1, text
#define PANDAS(reader) "write it as a list: pandas." reader "(…).to_csv(\"list.csv\", index=False)"

static const file_type kinds[] = {
    {0, BYTES("BZh"), "a bzip2 file", "unpack it with bunzip2"},
    {0,
     BYTES("\xFD"
           "7zXZ\0"),
     "an xz file", "unpack it with unxz"},
    {0, BYTES("\x04\x22\x4D\x18"), "an lz4 file", "unpack it with unlz4"},
    {0, BYTES("\xFF\x06\0\0sNaPpY"), "a snappy file", "unpack it"},
    {0, BYTES("\x1F\x9D"), "a compress (.Z) file", "unpack it with gunzip"},
    {0, BYTES("\x1F\x8B"), "a packed file of an unknown method", "unpack it, or pack it with gzip"},
    {0, BYTES("7z\xBC\xAF\x27\x1C"), "a 7-Zip archive", "unpack it with 7z x"},
    {0, BYTES("Rar!"), "a RAR archive", "unpack it with unrar x"},
    {0, BYTES("PK\3\4"), "a zip archive (or an .xlsx or .npz file, which are zip archives too)",
     "unpack it with unzip, or save the table as CSV"},
    {0, BYTES("PK\5\6"), "an empty zip archive", "expected lines of text"},
    {257, BYTES("ustar"), "a tar archive", "unpack it with tar -xf, and name the list in it"},
    {0, BYTES("PAR1"), "a Parquet file", PANDAS("read_parquet")},
    {0, BYTES("ARROW1"), "an Arrow (Feather) file", PANDAS("read_feather")},
    {0, BYTES("FEA1"), "a Feather file", PANDAS("read_feather")},
    {0, BYTES("ORC"), "an ORC file", PANDAS("read_orc")},
    {0, BYTES("Obj\1"), "an Avro file", "write it as a list of lines of text"},
    {0, BYTES("\x89HDF\r\n\x1A\n"), "an HDF5 file", "write the pairs in it as lines of text"},
    {0, BYTES("\x93NUMPY"), "a NumPy array (.npy)",
     "write it as a list: numpy.savetxt(\"list.txt\", numpy.load(…), fmt=\"%d\")"},
    {0, BYTES("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "an old Office file (.xls)", "save the table as CSV"},
    {0, BYTES("SQLite format 3"), "an SQLite database",
     "write a table of it: sqlite3 -csv FILE \"select user, item from …\" >list.csv"},
    {0, BYTES("%PDF-"), "a PDF file", "expected lines of text"},
    {0, BYTES("MATLAB 5.0 MAT-file"), "a MATLAB file",
     "write it as a list: scipy.io.loadmat, then numpy.savetxt"},
    {0,
     BYTES("\x7F"
           "ELF"),
     "a program", "expected lines of text"},
    {0, BYTES("\x89PNG"), "a picture", "expected lines of text"},
    {0, BYTES("\xFF\xD8\xFF"), "a picture", "expected lines of text"},
    {0, BYTES("%%MatrixMarket"), "a MatrixMarket file, which begins with its format and its size",
     "leave those lines out: grep -v '^%' FILE | tail -n +2 >list.txt"},
    {0, BYTES("% "), "a KONECT file, whose comments begin with %",
     "leave them out: grep -v '^%' FILE >list.txt"},
    {0, BYTES("*Vertices"), "a Pajek network", "write its edges as a list, a pair a line"},
    {0, BYTES("@relation"), "an ARFF file", "leave out its lines that begin with @"},
    {0, BYTES("@RELATION"), "an ARFF file", "leave out its lines that begin with @"},
    {0, BYTES("version https://git-lfs.github.com/spec/"),
     "a Git LFS pointer, not the file that it stands for", "fetch that with git lfs pull"},
    {0, BYTES("404: Not Found"), "the answer of a web server that has no such file", "fetch the list anew"},
    {0, BYTES("404 Not Found"), "the answer of a web server that has no such file", "fetch the list anew"},
    {0, BYTES("403 Forbidden"), "the answer of a web server that refuses", "fetch the list anew"},
    {0, BYTES("\xFF\xFE\0\0"), "text in UTF-32", "make it UTF-8: iconv -f UTF-32 -t UTF-8 FILE >list.txt"},
    {0, BYTES("\0\0\xFE\xFF"), "text in UTF-32", "make it UTF-8: iconv -f UTF-32 -t UTF-8 FILE >list.txt"},
    {0, BYTES("\xFF\xFE"), "text in UTF-16", "make it UTF-8: iconv -f UTF-16 -t UTF-8 FILE >list.txt"},
    {0, BYTES("\xFE\xFF"), "text in UTF-16", "make it UTF-8: iconv -f UTF-16 -t UTF-8 FILE >list.txt"},
};

static const file_type utf16[2] = {{0, 0, "", "text in UTF-16",
                                    "make it UTF-8: iconv -f UTF-16LE -t UTF-8 FILE >list.txt"},
                                   {0, 0, "", "text in UTF-16",
                                    "make it UTF-8: iconv -f UTF-16BE -t UTF-8 FILE >list.txt"}};
static const file_type pickle = {0, 0, "", "a Python pickle", "write what is in it as lines of text"};
static const file_type json = {0, 0, "", "JSON",
                               "write it as a list: pandas.read_json(…, lines=True).to_csv(\"list.csv\", "
                               "index=False), or jq -r '[.user, .item] | @tsv'"};
static const file_type python = {0, 0, "", "lines of Python dictionaries",
                                 "write them as a list: ast.literal_eval of each line, then csv.writer"};
static const file_type html = {0, 0, "",
                               "an HTML page, perhaps the answer of a web server instead of the list",
                               "fetch the list anew"};
static const file_type xml = {0, 0, "", "XML", "write the pairs in it as lines of text"};
static const file_type returns = {0, 0, "", "text whose lines end in a carriage return alone",
                                  "end them in line feeds: tr '\\r' '\\n' <FILE >list.txt"};
static const file_type binary = {0, 0, "", "a binary file", "expected lines of text"};

static bool file_type_has(const file_type *k, const char *text, int64_t n) {
  return n >= k->at + k->size && memcmp(text + k->at, k->bytes, (size_t)k->size) == 0;
}

/* Zero bytes: UTF-16 without a byte order mark if every other byte is zero, else binary. */
static const file_type *file_type_zeros(const char *text, int64_t n) {
  int64_t zeros[2] = {0, 0};
  for (int64_t i = 0; i < n; i++) zeros[i & 1] += text[i] == '\0';
  if (zeros[0] + zeros[1] == 0) return NULL;
  if (zeros[0] == 0 && 3 * zeros[1] > n) return &utf16[0];
  if (zeros[1] == 0 && 3 * zeros[0] > n) return &utf16[1];
  return &binary;
}

/* Skip leading white space. */
static int64_t file_type_skip(const char *text, int64_t n, int64_t at) {
  while (at < n && isspace((unsigned char)text[at])) at++;
  return at;
}

/* {"user": …}, [{…}], [[1, 2], …]: JSON; with single quotes: Python. */
static const file_type *file_type_braces(const char *text, int64_t n, int64_t at) {
  char open = text[at];
  at = file_type_skip(text, n, at + 1);
  if (at >= n) return NULL;
  if (text[at] == '\'' || (n - at > 1 && text[at] == 'u' && text[at + 1] == '\'')) return &python;
  if (text[at] == '"' || (open == '{' && text[at] == '}')) return &json;
  return open == '[' && (strchr("{[]-", text[at]) || isdigit((unsigned char)text[at])) ? &json : NULL;
}

/* An id may begin with "<"; HTML and XML have known tags, a prolog, or closing tags. */
static const file_type *file_type_angles(const char *text, int64_t n, int64_t at) {
  static const char *const names[] = {"html", "!doctype html", "head", "body", "title", "script"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    int64_t size = (int64_t)strlen(names[i]);
    if (n - at > size && strncasecmp(text + at + 1, names[i], (size_t)size) == 0) return &html;
  }
  bool prolog = n - at > 5 && memcmp(text + at, "<?xml", 5) == 0;
  return prolog || memmem(text + at, (size_t)(n - at), "</", 2) ? &xml : NULL;
}

/* "a,b<CR>c,d<CR>": line ends of classic Mac OS; a CR in the last byte may be half of CRLF. */
static const file_type *file_type_ends(const char *text, int64_t n) {
  const char *cr = memchr(text, '\r', (size_t)n);
  return cr && cr + 1 < text + n && !memchr(text, '\n', (size_t)n) ? &returns : NULL;
}

static const file_type *file_type_of(const char *text, int64_t n) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (file_type_has(&kinds[i], text, n)) return &kinds[i];
  if (n >= 2 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5) return &pickle;
  const file_type *k = file_type_zeros(text, n);
  int64_t bom = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0, at = file_type_skip(text, n, bom);
  if (!k && at < n && (text[at] == '{' || text[at] == '[')) k = file_type_braces(text, n, at);
  if (!k && at < n && text[at] == '<') k = file_type_angles(text, n, at);
  if (!k && n > 0) k = file_type_ends(text, n);
  return k;
}

kith_status kith__file_type_check(const char *path, const char *text, int64_t n) {
  const int64_t most = 4096;
  const file_type *k = file_type_of(text, n < most ? n : most);
  return k ? kith_fail(KITH_EDATA, "%s: is %s, not a text list; %s", path, k->what, k->how) : KITH_OK;
}
