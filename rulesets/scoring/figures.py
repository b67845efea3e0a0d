"""From values to figures: what stands in a cell becomes an exact fraction n/d, or the points of its words.

One statement per way of reading a value, none per rule. States of a part: ok, zero (0/0), partial (a list with blanks),
missing, invalid. Everything about numbers is decided on integers.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from rulesets.scoring.tables import bring

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def write_figures(con: DuckDBPyConnection) -> None:
    """Write `_figures`, `_word_points` and `_best` from `_cells` and the inner tables."""
    con.execute(_FIGURES)
    con.execute(_POOLS)
    con.execute(_WORDS)
    con.execute(_BEST)
    _settle_best(con)


# What stands in a cell for each part: two columns, or text; a composite's text holds one item per part.
_FIGURES = """CREATE OR REPLACE TEMP TABLE _figures AS
WITH placed AS (
  SELECT c.row_id, c.peer_id, c.ind_id, p.part_id, p.single, p.ratio, p.gated, p.percent, p.signed, p.high_n, p.high_d,
    p.n_limit, p.d_limit, p.n_narrow, p.d_narrow,
    p.single AND c.n_digits IS NOT NULL AND (c.d_digits IS NOT NULL OR NOT p.ratio) AS in_columns,
    c.n_decimals, c.n_digits, c.d_decimals, c.d_digits, CASE WHEN p.single THEN c.bad END AS bad,
    CASE WHEN p.single THEN c.value ELSE trim(string_split(c.value, ';')[p.part_no]) END AS text,
    CASE WHEN NOT p.single THEN len(string_split(c.value, ';')) <> i.parts ELSE false END AS miscounted
  FROM _cells c JOIN _parts p USING (ind_id) JOIN _indicators i USING (ind_id)
  WHERE c.status = 'reported' AND (p.takes = 'figure' OR (p.takes = 'pool' AND p.single AND c.n_digits IS NOT NULL))
), told AS (
  SELECT *, CASE WHEN NOT in_columns OR gated
      THEN string_split(text, CASE WHEN single THEN ';' ELSE '|' END) END AS items,
    CASE WHEN NOT in_columns THEN trim(items[1]) END AS first,
    CASE WHEN gated THEN trim(items[CASE WHEN in_columns THEN 1 ELSE 2 END]) END AS gate,
    miscounted OR (text <> '' AND len(items) <> (NOT in_columns)::INTEGER + gated::INTEGER) AS wrong_count
  FROM placed
), parsed AS (
  SELECT * EXCLUDE (n_decimals, n_digits, d_decimals, d_digits, bad),
    CASE WHEN first IS NOT NULL THEN contains(first, '/') END AS slash,
    CASE WHEN first IS NOT NULL THEN trim(split_part(first, '/', 1)) END AS n_text,
    CASE WHEN slash THEN trim(substr(first, strpos(first, '/') + 1)) END AS d_text,
    CASE WHEN in_columns THEN n_decimals ELSE decimals_of(n_text) END AS n_decimals,
    CASE WHEN in_columns THEN n_digits ELSE digits_of(n_text) END AS n_digits,
    CASE WHEN in_columns THEN d_decimals ELSE decimals_of(d_text) END AS d_decimals,
    CASE WHEN in_columns THEN d_digits ELSE digits_of(d_text) END AS d_digits,
    CASE WHEN bad IS NOT NULL THEN bad WHEN NOT in_columns THEN coalesce(not_a_number(n_text), not_a_number(d_text))
      END AS bad
  FROM told
), scaled AS (
  SELECT *,
    CASE WHEN n_decimals = d_decimals OR coalesce(d_decimals, 0) <= n_decimals THEN n_digits
      ELSE n_digits * power_of_ten(d_decimals - n_decimals) END AS n,
    CASE WHEN n_decimals = d_decimals THEN d_digits
      WHEN d_digits IS NOT NULL THEN CASE WHEN d_decimals >= n_decimals THEN d_digits
        ELSE d_digits * power_of_ten(n_decimals - d_decimals) END
      WHEN slash THEN NULL WHEN n_decimals = 0 AND NOT percent THEN 1
      ELSE power_of_ten(n_decimals) * CASE WHEN percent THEN 100 ELSE 1 END END AS d
  FROM parsed
), judged AS (
  SELECT *, CASE WHEN wrong_count THEN 'wrong_item_count' WHEN bad IS NOT NULL THEN bad
    WHEN gate <> '' AND yes_or_no(gate) IS NULL THEN 'not_yes_no'
    WHEN n IS NULL OR d IS NULL THEN NULL
    WHEN d < 0 OR (n < 0 AND NOT signed) THEN 'negative'
    WHEN d = 0 AND n <> 0 THEN 'zero_denominator'
    WHEN abs(n) > n_limit OR d > d_limit THEN 'too_many_digits'
    WHEN high_n = 1 AND high_d = 1 AND n > d THEN CASE WHEN ratio THEN 'above_one' ELSE 'above_maximum' END
    WHEN high_n IS NOT NULL AND n * high_d > high_n * d THEN 'above_maximum' END AS wrong,
    n IS NULL OR d IS NULL OR (gated AND coalesce(gate, '') = '') AS lacking
  FROM scaled
)
SELECT row_id, peer_id, ind_id, part_id, n, d, coalesce(gated AND yes_or_no(gate) = 'no', false) AS gate_shut,
  CASE WHEN wrong IS NOT NULL THEN 'invalid' WHEN lacking THEN 'missing'
    WHEN d = 0 AND NOT gate_shut THEN 'zero' ELSE 'ok' END AS state,
  CASE WHEN wrong IS NOT NULL THEN wrong WHEN lacking AND slash THEN 'half_a_ratio' WHEN lacking THEN 'no_value'
    END AS reason,
  abs(n) <= n_narrow AND d <= d_narrow AS narrow,
  CASE WHEN d_digits IS NOT NULL
      THEN '(' || decimal_text(n_digits, n_decimals) || '/' || decimal_text(d_digits, d_decimals) || ')'
    WHEN percent THEN '(' || decimal_text(n_digits, n_decimals) || '/100)'
    WHEN n_digits < 0 THEN '(' || decimal_text(n_digits, n_decimals) || ')'
    ELSE decimal_text(n_digits, n_decimals) END AS figure
FROM judged"""

# Several ratios taken together: all of them must be there, and each must be a ratio of its own.
_POOLS = """INSERT INTO _figures
WITH items AS (
  SELECT c.row_id, c.peer_id, c.ind_id, p.part_id, p.n_limit, p.d_limit, p.high_n,
    NOT p.single AND len(string_split(c.value, ';')) <> i.parts AS miscounted,
    string_split(CASE WHEN p.single THEN c.value ELSE string_split(c.value, ';')[p.part_no] END,
      CASE WHEN p.single THEN ';' ELSE '|' END) AS list
  FROM _cells c JOIN _parts p USING (ind_id) JOIN _indicators i USING (ind_id)
  WHERE c.status = 'reported' AND p.takes = 'pool' AND NOT (p.single AND c.n_digits IS NOT NULL)
), item AS (
  SELECT * EXCLUDE (list), unnest(list) AS text, generate_subscripts(list, 1) AS place FROM items
), parsed AS (
  SELECT *, trim(split_part(text, '/', 1)) AS n_text, trim(substr(text, strpos(text, '/') + 1)) AS d_text,
    trim(text) = '' OR text IS NULL AS blank,
    coalesce(CASE WHEN NOT blank AND (NOT contains(text, '/') OR n_text = '' OR d_text = '') THEN 'not_a_ratio' END,
      CASE WHEN NOT blank THEN coalesce(not_a_number(n_text), not_a_number(d_text)) END) AS bad
  FROM item
), scaled AS (
  SELECT *, max(greatest(decimals_of(n_text), decimals_of(d_text))) OVER (PARTITION BY row_id, part_id) AS decimals,
    digits_of(n_text) * power_of_ten(decimals - decimals_of(n_text)) AS n,
    digits_of(d_text) * power_of_ten(decimals - decimals_of(d_text)) AS d
  FROM parsed
), pooled AS (
  SELECT row_id, peer_id, ind_id, part_id, n_limit, d_limit,
    sum(CASE WHEN n BETWEEN 0 AND power_of_ten(30) THEN n ELSE 0 END)::HUGEINT AS n,
    sum(CASE WHEN d BETWEEN 0 AND power_of_ten(30) THEN d ELSE 0 END)::HUGEINT AS d,
    max(CASE WHEN miscounted THEN 'wrong_item_count' WHEN bad IS NOT NULL THEN bad
      WHEN n < 0 OR d < 0 THEN 'negative' WHEN d = 0 AND n > 0 THEN 'zero_denominator'
      WHEN greatest(n, d) > power_of_ten(30) THEN 'too_many_digits'
      WHEN high_n IS NOT NULL AND n > d THEN 'above_one' END) AS wrong,
    bool_or(blank) AS blank,
    '((' || string_agg(n_text, ' + ' ORDER BY place) || ')/('
      || string_agg(d_text, ' + ' ORDER BY place) || '))' AS figure
  FROM scaled GROUP BY ALL
)
SELECT row_id, peer_id, ind_id, part_id, n, d, false, CASE WHEN why = 'no_value' THEN 'missing'
  WHEN why IS NOT NULL THEN 'invalid' WHEN d = 0 THEN 'zero' ELSE 'ok' END, why, false,
  CASE WHEN why IS NULL THEN figure END
FROM (SELECT *, CASE WHEN wrong IS NOT NULL THEN wrong WHEN blank THEN 'no_value'
  WHEN n > n_limit OR d > d_limit THEN 'too_many_digits' END AS why FROM pooled)"""

# Words: every item is looked up; a checklist of equal shares may also be told as one count.
_WORDS = """CREATE OR REPLACE TEMP TABLE _word_points AS
WITH lists AS (
  SELECT c.row_id, c.ind_id, p.part_id, p.vocabulary, p.items,
    NOT p.single AND len(string_split(c.value, ';')) <> i.parts AS miscounted,
    string_split(CASE WHEN p.single THEN c.value ELSE string_split(c.value, ';')[p.part_no] END,
      CASE WHEN NOT p.single THEN '|' WHEN p.items > 1 THEN ';' ELSE chr(0) END) AS list,
    p.countable AND p.items > 1 AND len(list) = 1 AND regexp_full_match(trim(list[1]), '[0-9]{1,3}') AS counted
  FROM _cells c JOIN _parts p USING (ind_id) JOIN _indicators i USING (ind_id)
  WHERE c.status = 'reported' AND p.takes = 'words'
), item AS (
  SELECT * EXCLUDE (list), len(list) AS given, unnest(list) AS text, generate_subscripts(list, 1) AS place
  FROM lists
), looked_up AS (
  SELECT t.*, trim(t.text) = '' OR t.text IS NULL AS blank, w.worth, w.formula
  FROM item t LEFT JOIN _worths w ON NOT t.counted AND w.part_id = t.part_id AND w.item = t.place
    AND w.word = CASE t.vocabulary WHEN 'yes_no' THEN yes_or_no(t.text)
      WHEN 'periods' THEN on_time_or_late(t.text) ELSE cleaned(t.text) END
), summed AS (
  SELECT row_id, ind_id, part_id, counted, items, any_value(trim(text)) AS one,
    sum(worth)::HUGEINT AS worth, string_agg(formula, ' + ' ORDER BY place) AS formula,
    bool_and(blank) AS empty, bool_or(blank) AS blank,
    max(CASE WHEN miscounted OR (given <> items AND NOT counted AND NOT (given = 1 AND blank)) THEN 'wrong_item_count'
      WHEN NOT blank AND worth IS NULL AND NOT counted THEN
        CASE vocabulary WHEN 'yes_no' THEN 'not_yes_no' WHEN 'periods' THEN 'unknown_period'
        ELSE 'unknown_category' END END) AS wrong
  FROM looked_up GROUP BY row_id, ind_id, part_id, counted, items
)
SELECT s.row_id, s.ind_id, s.part_id,
  CASE WHEN wrong IS NOT NULL OR (counted AND one::INTEGER > items) THEN 'invalid' WHEN empty THEN 'missing'
    WHEN blank THEN 'partial' ELSE 'ok' END AS state,
  CASE WHEN wrong IS NOT NULL THEN wrong WHEN state = 'invalid' THEN 'above_maximum'
    WHEN state IN ('missing', 'partial') THEN 'no_value' END AS reason,
  CASE WHEN state IN ('invalid', 'missing') THEN 0
    WHEN counted THEN one::HUGEINT * each.worth ELSE s.worth END AS worth,
  CASE WHEN state IN ('invalid', 'missing') THEN '0' WHEN counted THEN one || ' * ' || each.formula
    ELSE s.formula END AS formula
FROM summed s
LEFT JOIN _worths each ON s.counted AND each.part_id = s.part_id AND each.item = 1 AND each.word = 'yes'"""

# The best figure of each group of peers by a key of 16 decimals. Ratios that share a key yet may differ are `contested`
# and settled with fractions; what remains is one row per group, that of the first agency by id.
_BEST = """CREATE OR REPLACE TEMP TABLE _best AS
WITH wanted AS (
  SELECT part_id, CASE WHEN best_by = 'lowest' THEN -1 ELSE 1 END AS sign FROM _parts p
  WHERE relative OR (best_by <> 'score' AND EXISTS (SELECT 1 FROM _exceptions e
    WHERE e.ind_id = p.ind_id AND e.policy = 'group_highest_figure'))
), keyed AS (
  SELECT f.peer_id, f.part_id, f.row_id, f.n, f.d, f.figure, w.sign, floored(f.n, f.d) AS k0,
    (f.n - k0 * f.d) * 100000000 AS r0, quotient(r0, f.d) AS k1,
    remainder(r0, f.d) * 100000000 AS r1, quotient(r1, f.d) AS k2, remainder(r1, f.d) > 0 AS inexact
  FROM _figures f JOIN wanted w USING (part_id) WHERE f.state = 'ok'
), top AS (
  SELECT * FROM keyed QUALIFY rank() OVER (PARTITION BY peer_id, part_id
    ORDER BY sign * k0 DESC, sign * k1 DESC, sign * k2 DESC) = 1
)
SELECT peer_id, part_id, row_id, n, d, figure, sign,
  bool_or(inexact) OVER (PARTITION BY peer_id, part_id) AS contested FROM top"""

_ONE_BEST = """CREATE OR REPLACE TEMP TABLE _best AS SELECT peer_id, part_id, row_id, n, d, figure FROM _best
QUALIFY row_number() OVER (PARTITION BY peer_id, part_id ORDER BY row_id) = 1"""


def _settle_best(con: DuckDBPyConnection) -> None:
    """Leave the one best figure of each group; where the key could not tell, fractions do."""
    rows = con.execute("SELECT peer_id, part_id, sign, n, d FROM _best WHERE contested GROUP BY ALL").fetchall()
    best: dict[tuple[int, int], Fraction] = {}
    for peer_id, part_id, sign, n, d in rows:
        figure = sign * Fraction(n, d)
        best[peer_id, part_id] = max(figure, best.get((peer_id, part_id), figure))
    losers = [
        (peer_id, part_id, n, d)
        for peer_id, part_id, sign, n, d in rows
        if sign * Fraction(n, d) < best[peer_id, part_id]
    ]
    bring(con, "_losers", ("peer_id INTEGER", "part_id INTEGER", "n HUGEINT", "d HUGEINT"), losers)
    con.execute(
        """DELETE FROM _best b USING _losers l
        WHERE l.peer_id = b.peer_id AND l.part_id = b.part_id AND l.n = b.n AND l.d = b.d"""
    )
    con.execute(_ONE_BEST)
