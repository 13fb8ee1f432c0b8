"""Makes tests/data/jinja/language.json: what jinja2 renders for small templates that cover the language.

usage: jinja_language.py OUTPUT_FILE
"""

import json
import pathlib
import sys

from jinja_environment import NOW_UNIX_S, make_environment, render

VARIABLES = {
    "n": 7, "f": 2.5, "big": 12345678901234567890, "t": True, "no": False, "nil": None,
    "s": "Hello World", "pad": "  x y  ", "u": "Grüße, 漢字 🙂", "q": "it's \"quoted\"\n\ttab\\",
    "l": [3, 1, 2], "words": ["banana", "Apple", "cherry", "apple"], "empty": [], "mixed": [1, "a", None, True, 2.5],
    "d": {"b": 2, "a": 1, "C": 3}, "nested": {"x": {"y": [10, 20, {"z": "deep"}]}},
    "people": [{"name": "Ann", "age": 31, "city": "Bern"}, {"name": "bob", "age": 25, "city": "Basel"},
               {"name": "Cid", "age": 31, "city": "bern"}],
    "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}, {"role": "assistant", "content": "A"}],
}

# One template a line; those of several lines are in BLOCKS.
LINES = r"""
{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }}
{{ -2 ** 2 }} {{ 2 ** 3 ** 2 }} {{ -n }} {{ +n }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 1e3 }} {{ 1.5e-7 }} {{ 1_000 }} {{ 0x1F }} {{ 0b11 }} {{ 0o17 }}
{{ 1e16 }} {{ 1e15 }} {{ 123456789.123 }} {{ 0.1 + 0.2 }} {{ 1e-5 }} {{ 0.0001 }} {{ 1.0 }} {{ 100.0 }} {{ 1e22 }} {{ 2.5e300 }}
{{ 1 ~ 2 ~ 'x' ~ none ~ true ~ 1.0 }} {{ 1 ~ (2 + 3) }} {{ 'a' ~ 'b' * 3 }}
{{ 'ab' * 3 }} {{ 3 * 'ab' }} {{ [1, 2] * 2 }} {{ 'x' * -1 }}|{{ [1] + [2, 3] }} {{ (1,) + (2,) }}
{{ not true or true }} {{ not (true or true) }} {{ true and false or true }} {{ 1 and 2 }} {{ 0 or 'x' }} {{ '' or [] or none }} {{ 0 and 1 }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 'a' != 'b' }} {{ 3 >= 3 }} {{ (1, 2) == (1, 2) }}
{{ 1 in [1, 2] }} {{ 3 not in [1, 2] }} {{ 'ell' in s }} {{ 'a' in d }} {{ 'z' in d }} {{ 1 in (1, 2) }} {{ 'x' in empty }} {{ not 1 in [1] }}
{{ 'yes' if n > 5 else 'no' }} {{ 'yes' if n > 50 }}| {{ 'a' if false else 'b' if false else 'c' }} {{ (1 if t else 2) + 1 }}
{{ n is defined }} {{ x is defined }} {{ x is undefined }} {{ nil is none }} {{ n is number }} {{ f is float }} {{ n is integer }} {{ t is integer }} {{ t is boolean }} {{ t is number }}
{{ s is string }} {{ d is mapping }} {{ l is sequence }} {{ s is sequence }} {{ d is sequence }} {{ l is iterable }} {{ n is iterable }} {{ range is callable }} {{ n is callable }} {{ none is iterable }}
{{ x is iterable }} {{ x is sequence }} {{ x is mapping }} {{ x is string }} {{ x is none }} {{ x is callable }} {{ x is number }} {{ x is false }}
{{ n is odd }} {{ n is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ t is true }} {{ no is false }} {{ 1 is true }} {{ 'a' is lower }} {{ 'A' is upper }} {{ 'aB' is lower }}
{{ n is eq 7 }} {{ n is equalto(7) }} {{ n is gt 3 }} {{ n is lt(3) }} {{ n is ge 7 }} {{ n is le 7 }} {{ n is ne 8 }} {{ n is in [7, 8] }} {{ n is not in [7] }} {{ n is sameas 7 }}
{{ n is not none }} {{ not n is none }} {{ n is not string and s is string }} {{ n is defined and n > 3 }} {{ 'upper' is filter }} {{ 'nope' is filter }} {{ 'odd' is test }}
{{ x }}|{{ x ~ 'a' }}|{{ x | default('d') }}|{{ x | d }}|{{ '' | default('e') }}|{{ '' | default('e', true) }}|{{ none | default('f') }}|{{ x | length }}|{{ x | list }}|{{ x | join }}|{{ x | upper }}
{{ x == y }} {{ x == none }} {{ x != 1 }} {{ not x }} {{ x in [1] }} {{ 1 in x }} {{ x or 'or' }} {{ x and 'and' }}|{{ d.nope }}|{{ d['nope'] }}|{{ l[99] }}|{{ s.nope }}|{{ none.nope }}
{{ x.y }}
{{ x['y'] }}
{{ d.nope.deeper }}
{{ x + 1 }}
{{ x < 1 }}
{{ x() }}
{{ x[0:1] }}
{{ -x }}
{{ 1 + 'a' }}
{{ 'a' + 1 }}
{{ [1] + 'a' }}
{{ 'a' < 1 }}
{{ none < 1 }}
{{ 1 // 0 }}
{{ 1 % 0 }}
{{ 1 in 1 }}
{{ 1 in 'a' }}
{{ n() }}
{{ s.nope() }}
{{ n | length }}
{{ 'a' | nope }}
{{ 'a' is nope }}
{{ {[]: 1} }}
{{ [1, 2 }}
{{ 1 + }}
{% if %}x{% endif %}
{% for x in n %}{% endfor %}
{% if true %}unclosed
{% endif %}
{% nope %}
{{ 'unclosed }}
{# unclosed
{% for a, b in [[1, 2, 3]] %}{% endfor %}
{{ raise_exception('said ' ~ n) }}
{{ nested.x.y[2].z }} {{ nested['x']['y'][0] }} {{ nested.x['y'][-1]['z'] }} {{ l.0 }} {{ nested.x.y.1 }} {{ d['a'] }} {{ d.get('a') }} {{ d.get('zz', 'dflt') }} {{ d.get('zz') }}
{{ s[0] }} {{ s[-1] }} {{ s[1:4] }} {{ s[:3] }} {{ s[-3:] }} {{ s[::2] }} {{ s[::-1] }} {{ s[5:1:-1] }} {{ s[100:] }}|{{ s[:-100] }}|{{ u[0:5] }} {{ u[-1] }} {{ u[::-1] }} {{ u[7:9] }}
{{ l[0] }} {{ l[-1] }} {{ l[1:] }} {{ l[:-1] }} {{ l[::-1] }} {{ l[::2] }} {{ (1, 2, 3)[1:] }} {{ [1,2,3,4,5][4:0:-2] }} {{ [1,2,3][-2:] }} {{ [1,2,3][none:2] }}
{{ mixed }} {{ d }} {{ (1,) }} {{ () }} {{ (1, 'a') }} {{ [] }} {{ {} }} {{ nested }} {{ [u, q] }} {{ ['\x00\x7f\xa0\u200b'] }} {{ ["it's"] }} {{ ['"'] }} {{ ['\'"'] }} {{ big }} {{ big + 1 }} {{ big * 3 }}
{{ true }} {{ false }} {{ none }} {{ True }} {{ None }} {{ 1, 2 }} {{ 'a' 'b' }} {{ "dq" }} {{ 'esc \' \\ \n \t \x41 \u00e9 \101 \q' }}
{{ s.upper() }} {{ s.lower() }} {{ s.title() }} {{ 'hELLO wORLD'.capitalize() }} {{ s.swapcase() }} {{ "they're bill's".title() }} {{ 'straße ŉ ﬁ'.upper() }} {{ 'İΑ'.lower() }}
[{{ pad.strip() }}] [{{ pad.lstrip() }}] [{{ pad.rstrip() }}] {{ 'xxaxx'.strip('x') }} {{ 'abcba'.lstrip('ab') }} {{ 'abcba'.rstrip('ab') }} [{{ '\u3000\x85 a\u00a0\x1f'.strip() }}]
{{ 'a,b,,c'.split(',') }} {{ ' a  b c '.split() }} {{ 'a b c'.split(' ', 1) }} {{ 'a b c'.rsplit(' ', 1) }} {{ ' a b  c '.split(none, 1) }} {{ ' a b  c '.rsplit(none, 1) }} {{ ''.split() }} {{ ''.split(',') }} {{ 'abc'.split('abc') }} {{ 'a--b-c'.rsplit('-', maxsplit=2) }}
{{ 'a\nb\r\nc\rd\x0be\u2028f'.splitlines() }} {{ 'a\n\nb\n'.splitlines(true) }} {{ ''.splitlines() }}
{{ s.replace('o', '0') }} {{ s.replace('o', '0', 1) }} {{ 'aaa'.replace('aa', 'b') }} {{ 'abc'.replace('', '-') }} {{ 'abc'.replace('', '-', 2) }} {{ s.replace('z', 'y') }}
{{ s.startswith('He') }} {{ s.endswith('ld') }} {{ s.startswith(('x', 'H')) }} {{ s.startswith('e', 1) }} {{ s.endswith('lo', 0, 5) }} {{ 'a'.startswith('') }} {{ ''.startswith('', 1) }}
{{ s.find('o') }} {{ s.rfind('o') }} {{ s.find('zz') }} {{ s.index('W') }} {{ s.count('l') }} {{ u.find('漢') }} {{ s.find('o', 5) }} {{ 'aaa'.count('') }} {{ 'aaaa'.count('aa') }} {{ s.find('o', -3) }}
{{ s.index('zz') }}
{{ '-'.join(['a', 'b']) }} {{ ''.join([]) }}| {{ ', '.join(d) }} {{ 'x'.join('abc') }}
{{ ','.join([1, 2]) }}
{{ '{} {}'.format(1, 'a') }} {{ '{1} {0} {x}'.format('a', 'b', x=3) }} {{ '{:>5}|{:<5}|{:^5}|{:*^5}'.format('a', 'b', 'c', 'd') }} {{ '{:.2f} {:5d} {:05d} {:+d} {:x} {:,}'.format(1.005, 42, 42, 5, 255, 1234567) }} {{ '{{}} {!r}'.format('a') }} {{ '{0.a} {1[0]}'.format(d, l) }}
{{ 'a1'.isalnum() }} {{ 'a1'.isalpha() }} {{ '12'.isdigit() }} {{ '½'.isnumeric() }} {{ ' \t'.isspace() }} {{ ''.isspace() }} {{ 'AB1'.isupper() }} {{ 'ab'.islower() }} {{ 'Ab Cd'.istitle() }} {{ '²'.isdigit() }} {{ '²'.isdecimal() }} {{ 'é'.isascii() }}
{{ 'a'.center(6, '*') }} {{ 'ab'.center(7) }}| {{ 'a'.ljust(3, '.') }} {{ 'a'.rjust(3) }} {{ '42'.zfill(5) }} {{ '-42'.zfill(5) }} {{ 'ab'.center(5, '*') }} {{ 'abc'.center(6, '*') }}
{{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=') }} {{ 'abc'.partition('=') }} {{ 'abc'.rpartition('=') }} {{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }} {{ 'abc'.removeprefix('z') }}
{{ d.keys() | list }} {{ d.values() | list }} {{ d.items() | list }} {{ d.keys() }} {{ d.items() }} {{ d | list }} {{ d | length }} {{ d.copy() == d }} {{ d == {'a': 1, 'C': 3, 'b': 2} }}
{{ dict(a=1, b='x') }} {{ dict([('k', 1)], z=2) }} {{ dict(d, q=0) }} {{ {'a': 1, 'a': 2} }} {{ {1: 'i', 1.0: 'f', true: 't'} }} {{ {none: 1, (1, 2): 3} }}
{{ l.index(1) }} {{ l.count(3) }} {% set c = l.copy() %}{% set _ = c.append(9) %}{% set _ = c.insert(0, 8) %}{% set _ = c.extend([5, 6]) %}{{ c }} {{ c.pop() }} {{ c.pop(0) }} {% set _ = c.remove(1) %}{% set _ = c.reverse() %}{{ c }} {{ l }}
{% set e = {'k': 1} %}{% set _ = e.update({'m': 2}) %}{% set _ = e.update(z=3) %}{{ e.pop('k') }} {{ e.pop('nope', 'dd') }} {{ e.setdefault('m', 9) }} {{ e.setdefault('w', 9) }} {{ e }} {{ e.popitem() }} {% set _ = e.clear() %}{{ e }}
{{ [].pop() }}
{{ {}.pop('a') }}
{{ range(3) | list }} {{ range(1, 4) | list }} {{ range(5, 0, -2) | list }} {{ range(3) }} {{ range(0, 6, 2) }} {{ range(0) | list }} {{ 2 in range(3) }} {{ range(10)[2:4] | list }} {{ range(4)[-1] }} {{ range(3) | length }}
{{ range(1000000) | length }}
{{ range(1, 2, 0) }}
{{ -5 | abs }} {{ (-5) | abs }} {{ 2.5 | abs }} {{ 'x' | attr('upper') is callable }} {{ d | attr('a') }}|{{ d | attr('keys') is defined }}
{{ 'hELLO' | capitalize }} {{ 'ab' | center(6) }}| {{ '<a href="x">&\'' | e }} {{ '<b>' | escape }} {{ '<i>' | forceescape }} {{ '%s is %d, %.2f %5s|%-5s| %05d %x %%' | format('a', 3, 2.345, 'r', 'l', 42, 255) }} {{ '%(k)s' | format(k='v') }}
{{ '<a>' | safe + '<b>' }} {{ '<a>' + '<b>' | safe }} {{ '<a>' | e + '<b>' }} {{ '<a>' | safe + '<b>' | e }} {{ '<a>' | safe ~ '<b>' }} {{ '<a>' | e | e }} {{ '<a>' | e | forceescape }} {{ '<' | safe | e }} {{ "it's " | safe + [1, '"'] | tojson + '&' }}
{{ '%s' % 'a' }} {{ '%s-%s' % ('a', 1) }} {{ '%r' % 'a' }} {{ '%s' % none }} {{ '%d%%' % 50 }} {{ '%e %g %G' % (12345.678, 0.00001, 1e20) }} {{ '%+d % d' % (5, 5) }} {{ '%.3s' % 'abcdef' }} {{ '%s' % [1, 2] }} {{ '%i' % 3.9 }}
{{ '%d' % 'a' }}
{{ '%s %s' % 'a' }}
{{ '%s' % (1, 2) }}
{{ l | first }} {{ l | last }} {{ s | first }} {{ s | last }} {{ [] | first }}|{{ [] | last }}| {{ d | first }} {{ d | last }}
{{ 'a\nb\n\nc' | indent }}| {{ 'a\nb' | indent(2, true) }}| {{ 'a\n\nb' | indent(1, false, true) }}| {{ 'a\nb' | indent('> ') }}| {{ 'a\n' | indent(2) }}| {{ 'x' | indent(3, first=true) }}
{{ '42' | int }} {{ '42.7' | int }} {{ 'x' | int }} {{ 'x' | int(5) }} {{ '0x1f' | int(0, 16) }} {{ 'ff' | int(base=16) }} {{ 3.9 | int }} {{ -3.9 | int }} {{ true | int }} {{ none | int }} {{ ' 12 ' | int }} {{ '1_000' | int }} {{ '1e3' | int }} {{ '' | int }} {{ '-5' | int }} {{ '+-5' | int }}
{{ '1.5' | float }} {{ 'x' | float }} {{ 'x' | float(2.5) }} {{ 3 | float }} {{ '1e3' | float }} {{ none | float }} {{ 'inf' | float }} {{ '-inf' | float }} {{ 'nan' | float }} {{ ' 2 ' | float }} {{ '1_0.5' | float }} {{ '1e999' | float }}
{{ d | items | list }} {{ x | items | list }} {{ [1, 2, 3] | join(', ') }} {{ ['a', none, 1.0, true] | join('-') }} {{ people | join(', ', attribute='name') }} {{ 'abc' | join('.') }} {{ people | join('|', 'age') }}
{{ s | length }} {{ u | length }} {{ l | count }} {{ 'abc' | list }} {{ d | list }} {{ (1, 2) | list }} {{ 'ABC' | lower }} {{ 5 | lower }} {{ none | upper }}
{{ [1, 2] | map('string') | list }} {{ words | map('upper') | join(' ') }} {{ people | map(attribute='name') | list }} {{ people | map(attribute='nope', default='?') | list }} {{ ['1', 'x'] | map('int', 7) | list }} {{ [[1, 2], [3]] | map('first') | list }} {{ people | map(attribute='name') | map('upper') | list }} {{ [['a', 'b']] | map(attribute=1) | list }} {{ [d] | map('items') | map('list') | list }}
{{ l | max }} {{ l | min }} {{ words | max }} {{ words | min }} {{ people | max(attribute='age') }} {{ [] | max }}| {{ ['b', 'A'] | min(case_sensitive=true) }} {{ [1, 2.5] | max }}
{{ [1, 2, 3, 4] | select('odd') | list }} {{ [0, 1, '', 'a', none] | select | list }} {{ [1, 2, 3] | reject('gt', 1) | list }} {{ [0, 1] | reject | list }} {{ people | selectattr('age', 'eq', 31) | map(attribute='name') | list }} {{ people | rejectattr('age', 'equalto', 31) | list | length }} {{ people | selectattr('nope') | list }} {{ people | selectattr('name') | list | length }} {{ [{'a': {'b': 1}}, {'a': {'b': 0}}] | selectattr('a.b') | list }} {{ people | selectattr('nope', 'undefined') | list | length }} {{ mixed | select('string') | list }} {{ messages | rejectattr('role', 'in', ['system', 'user']) | list }}
{{ nil | selectattr('a') | list }} {{ nil | rejectattr('a', 'eq', 1) | list }} {{ nil | select | list }} {{ 0 | map('upper') | list }} {{ missing | map(attribute='a') | list | length }} {{ '' | reject('odd') | list }}
{{ s | replace('o', '0') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ 123 | replace('2', 'x') }} {{ 'abc' | reverse }} {{ [1, 2] | reverse | list }} {{ s | string }} {{ 5 | string + 'x' }} {{ '<' | safe }} {{ none | string }}
{{ 42.55 | round }} {{ 42.55 | round(1) }} {{ 42.55 | round(1, 'floor') }} {{ 42.5 | round }} {{ 43.5 | round }} {{ 2.675 | round(2) }} {{ 42 | round }} {{ 42.1 | round(0, 'ceil') }} {{ 1234.5 | round(-2) }} {{ 1250 | round(-2) }} {{ -2.5 | round }} {{ 42.55 | round | int }} {{ 0.5 | round }} {{ 1e300 | round(2) }}
{{ l | sort }} {{ l | sort(reverse=true) }} {{ words | sort }} {{ words | sort(case_sensitive=true) }} {{ people | sort(attribute='name') | map(attribute='name') | list }} {{ people | sort(attribute='age,name') | map(attribute='name') | list }} {{ people | sort(true, attribute='age') | map(attribute='name') | list }} {{ 'cab' | sort }} {{ d | sort }}
{{ [1, 'a'] | sort }}
{{ d | dictsort }} {{ d | dictsort(true) }} {{ d | dictsort(by='value') }} {{ d | dictsort(reverse=true) }} {{ d | dictsort(false, 'value', true) }}
{{ l | sum }} {{ people | sum(attribute='age') }} {{ [] | sum }} {{ [0.1, 0.2] | sum }} {{ [[1], [2]] | sum(start=[]) }} {{ l | sum(start=10) }}
{{ words | unique | list }} {{ words | unique(case_sensitive=true) | list }} {{ people | unique(attribute='age') | map(attribute='name') | list }} {{ [1, 1.0, true, 2] | unique | list }}
{{ people | groupby('city') | list | length }} {% for city, items in people | groupby('city') %}{{ city }}:{{ items | map(attribute='name') | join(',') }};{% endfor %} {% for g in people | groupby('age') %}{{ g.grouper }}={{ g.list | length }} {% endfor %} {% for c, i in people | groupby('zip', default='none') %}{{ c }}{{ i | length }}{% endfor %} {% for c, i in people | groupby('city', case_sensitive=true) %}{{ c }}{% endfor %}
{{ [1,2,3,4,5] | batch(2) | list }} {{ [1,2,3,4,5] | batch(2, 'x') | list }} {{ [1,2,3,4,5] | slice(3) | list }} {{ [1,2,3,4,5] | slice(3, 'x') | list }}
{{ 'hello wORLD foo-bar (baz)' | title }} {{ pad | trim }}| {{ 'xxaxx' | trim('x') }} {{ 'foo bar baz qux' | truncate(9) }} {{ 'foo bar baz qux' | truncate(9, true) }} {{ 'foo bar baz' | truncate(11) }} {{ 'foo bar baz qux' | truncate(9, true, '!', 0) }} {{ 'abcdefghijklmnop' | truncate(5, false, '..', 0) }} {{ 'a b_c, d' | wordcount }} {{ 'a b/ü?&' | urlencode }} {{ {'a b': 'c/d', 'e': 1} | urlencode }}
{{ d | tojson }} {{ mixed | tojson }} {{ u | tojson }} {{ q | tojson }} {{ '\x00\x1f\x7f\u2028</' | tojson }} {{ none | tojson }} {{ 1.0 | tojson }} {{ 1e100 | tojson }} {{ (1, 2) | tojson }} {{ big | tojson }} {{ {} | tojson }} {{ [[], {}] | tojson }} {{ {1: 2, none: 3, true: 4, 1.5: 5} | tojson }}
{{ nested | tojson(indent=2) }} {{ [] | tojson(indent=2) }} {{ [1, [2]] | tojson(indent='--') }} {{ d | tojson(sort_keys=true) }} {{ d | tojson(separators=(',', ':')) }} {{ u | tojson(ensure_ascii=true) }} {{ d | tojson(indent=0) }} {{ d | tojson(indent=1, separators=(', ', ' = ')) }}
{{ x | tojson }}
{{ [1] | map('string') | tojson }}
{{ strftime_now('%Y-%m-%d %H:%M:%S') }} {{ strftime_now('%d %b %Y %B %A %a %j %y %I %p') }} {{ strftime_now('%-d/%-m %e %%') }} {{ strftime_now('%F %T %D %R %U %W %w %u %c %x %X %f %Z%z') }} {{ strftime_now('é %Y') }}
{% for i in l %}{{ i }}{% if not loop.last %}, {% endif %}{% endfor %} {% for i in [] %}x{% else %}none{% endfor %} {% for i in l if i > 1 %}{{ loop.index }}{{ i }}{% else %}z{% endfor %} {% for i in l if i > 9 %}x{% else %}none{% endfor %}
{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.depth }}{{ loop.cycle('a', 'b') }} {% endfor %}
{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %} {% for k in d %}{{ k }}{% endfor %} {% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %} {% for c in 'añb' %}{{ c }}.{% endfor %} {% for k, v in d | dictsort %}{{ k }}{{ v }}{% endfor %} {% for i in x %}q{% else %}e{% endfor %}
{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %} {% for i in [1, 2] %}{% for j in [1, 2, 3] %}{% if j == 2 %}{% break %}{% endif %}{{ i }}{{ j }}{{ loop.index }} {% endfor %}{{ loop.index }}{% endfor %} {% for i in [1] %}{% break %}{% else %}no{% endfor %}
{% for i in [1, 1, 2, 2, 1] %}{% if loop.changed(i) %}{{ i }}{% endif %}{% endfor %} {% for i in range(5) if i is odd %}{{ i }}{{ loop.last }}{{ loop.length }} {% endfor %}
{% for n in [{'v': 1, 'c': [{'v': 2, 'c': []}, {'v': 3}]}] recursive %}[{{ n.v }}{{ loop.depth }}{% if n.c %}{{ loop(n.c) }}{% endif %}]{% endfor %}
{% set a = 1 %}{% for i in l %}{% set a = a + i %}{{ a }}{% endfor %}{{ a }} {% if true %}{% set a = 5 %}{% endif %}{{ a }} {% set ns = namespace(c=0, l=[]) %}{% for i in l %}{% set ns.c = ns.c + i %}{% endfor %}{{ ns.c }} {{ ns.nope }}| {% set b, c = 1, 2 %}{{ b }}{{ c }} {% set (e, f) = [3, 4] %}{{ e }}{{ f }} {% set z = 1, 2 %}{{ z }}
{% for i in [1, 2, 3] %}{% if i == 1 %}{% set y = 'one' %}{% endif %}{{ y }}|{% endfor %}{{ y }} {% set ns = namespace({'k': 1}, m=2) %}{{ ns.k }}{{ ns.m }}{{ ns['k'] }}
{% set x %}a{{ n }}b{% endset %}{{ x }} {{ x | length }} {% set x | upper | trim %}  q{{ s }} {% endset %}[{{ x }}] {% for i in [1] %}{% set w %}in{% endset %}{{ w }}{% endfor %}{{ w }}
{% set x.y = 1 %}
{% set s.y = 1 %}
{% if 0 %}a{% elif 1 %}b{% else %}c{% endif %} {% if x %}a{% elif y %}b{% else %}c{% endif %} {% if [] %}a{% endif %}{% if [0] %}b{% endif %}{% if '' %}c{% endif %}{% if ' ' %}d{% endif %}{% if 0.0 %}e{% endif %}{% if {} %}f{% endif %}{% if none %}g{% endif %}{% if (1, 2), 3 %}h{% endif %}
{% macro m(a, b=2, c='x') %}{{ a }}{{ b }}{{ c }};{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(1, c='z') }}{{ m(c=1, a=2) }}{{ m() }}{{ m(*[7, 8]) }}{{ m(**{'a': 5}) }} {% macro d2(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ d2(4) }} {{ m(1) | length }} {{ m is callable }}
{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, k=3) }} {% macro o() %}{{ n }}{{ late }}{% endmacro %}{% set late = 'L' %}{{ o() }} {% macro r(k) %}{{ k }}{% if k > 0 %}{{ r(k - 1) }}{% endif %}{% endmacro %}{{ r(3) }} {% set v = 1 %}{% macro g() %}{% set v = 2 %}{{ v }}{% endmacro %}{{ g() }}{{ v }}
{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{% endmacro %}{{ m(b=2) }}
{% macro m(a) %}{% endmacro %}{{ m(1, a=2) }}
{% macro m(a) %}{{ a.b }}{% endmacro %}{{ m() }}
{% macro w(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call w('b') %}in {{ n }}{% endcall %} {% macro e(xs) %}{% for x in xs %}{{ caller(x, loop.index) }}{% endfor %}{% endmacro %}{% call(a, i=9) e(l) %}{{ i }}:{{ a }} {% endcall %} {% macro nc() %}{{ caller is defined }}{% endmacro %}{{ nc() }}
{% macro m() %}x{% endmacro %}{% call m() %}y{% endcall %}
{% filter upper %}abc {{ s }}{% endfilter %} {% filter replace('a', 'b') | upper %}aaa{% endfilter %} {% with a = 1, b = 2 %}{{ a }}{{ b }}{% set a = 3 %}{{ a }}{% endwith %}{{ a }}| {% with %}{% set q2 = 1 %}{% endwith %}{{ q2 }}|{% generation %}g{{ n }}{% set gg = 1 %}{% endgeneration %}{{ gg }} {% print(n) %}
{# comment #}a{#- c -#} b {#- c #} c{# {{ x }} {% if %} #}d {{ '{# no #}' }} {{ '%}' }} {{ '}}' }} {{ {'a': {'b': 1}} }}{{ {'a': 1}['a'] }}
{% raw %}{{ x }} {% if %} {# c #}{% endraw %} {%- raw -%}  a  {%- endraw -%}  b
a {{- ' b ' -}} c {%- if true -%} d {%- endif -%} e {%+ if true %} f {%+ endif %} g {{+ 1 }}
{{ 1 if false }}|{{ (1 if false) is defined }} {{ [1, 2,] }} {{ (1, 2,) }} {{ {'a': 1,} }} {{ dict(a=1,) }} {{ 'a' if 1 == 1 and not 2 == 3 else 'b' }} {{ n|string|length }} {{ (n|string) ~ '!' }} {{ -n|abs }} {{ l|first + 1 }} {{ n == 7 and 'eq' }} {{ 'a' ~ (1 + 2) ~ 'b' }} {{ not n in l }} {{ n not in l and true }}
{{ messages[0]['role'] == 'system' }} {{ messages[1:] | length }} {{ messages | map(attribute='role') | join(',') }} {{ messages[::-1][0].role }} {{ messages[-1].content }} {{ (messages | last).role }} {{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | first }} {{ 'content' in messages[0] }} {{ messages[0].items() | list }} {{ messages[0].keys() | join }}
{{ [1, 2] == [1, 2] }} {{ [1] == (1,) }} {{ {'a': [1]} == {'a': [1]} }} {{ 'a' == 1 }} {{ none == none }} {{ none == false }} {{ 0 == false }} {{ '' == none }} {{ [1, [2]] != [1, [3]] }} {{ 1.5 == 1.5 }} {{ (1, 'a') < (1, 'b') }}
{{ [d, l] | map('length') | list }} {{ l | sort | join }} {{ (l + [4]) | sort | last }} {{ s.split()[0].lower()[1:] }} {{ (s | lower).split('o') | map('trim') | list }} {{ 'a-b'.split('-') | map('upper') | join('+') }} {{ words | map('length') | sum }} {{ words | map('replace', 'a', 'A') | list }}
{{ range(3) | map('string') | join }} {{ 'abc' | map('upper') | list }} {{ d | map('upper') | list }} {{ 'x' in 'xyz' and 'y' in ['y'] }} {{ ['a'] | string }} {{ 'a' | string | list | length }} {{ 10 | string | reverse }} {{ [3, 1] | sort == [1, 3] }}
"""

BLOCKS = [
    "a\n{% if true %}\nb\n{% endif %}\nc\n",
    "a\n  {% if true %}\n  b\n  {% endif %}\nc",
    "a\n  {%- if true -%}\n  b\n  {%- endif -%}\nc",
    "a\n  {%+ if true %}\n  b\n  {%+ endif %}\nc",
    "a  {% if true %} b\n  x {% endif %}  \n c",
    "  {% if true %}first{% endif %}  {% if true %}second{% endif %}\n   {# comment #}\nend",
    "  {{ 1 }}\n  {{- 2 }}\n  {{ 3 -}}\n  4\n",
    "{% for i in [1, 2] %}\n  - {{ i }}\n{% endfor %}\n",
    "{% for i in [1, 2] -%}\n  - {{ i }}\n{% endfor -%}\n  end",
    "x\n\n\n{%- set a = 1 %}\n\n\ny{{ a }}",
    "{# c #}\nx\n   {# c -#}   \n y {#- c #}\nz{#+ c +#}\nw",
    "\r\na\r\nb\r\n{{ 'x' }}\r\n",
    "one\n\n",
    "\n",
    "",
    "{{ 'a\nb' }} {{ \"l1\\\nl2\" }}",
    "{% raw %}\n  {{ a }}\n  {% endraw %}\nb",
    "  {%- raw %} a {% endraw -%}\n  b",
    "{% raw -%}\n  x\n  {%- endraw %}\ny",
    "{% macro m(x) %}\n  <{{ x }}>\n{% endmacro %}\n{{ m(1) }}{{ m(2) }}\nend",
    "{%- macro m(x) -%}\n  <{{ x }}>\n{%- endmacro -%}\n{{ m(1) }}\n\n{{ m(2) }}",
    "{% set x %}\n  a\n  b\n{% endset %}\n[{{ x }}]",
    "{{\n  1\n  +\n  2\n}}\n{%\n  if\n  true\n%}\ny{% endif %}",
    "\t{% if true %}\n\ttab\n\t{% endif %}\n",
    "\u00a0 {% if true %}nbsp{% endif %}\n\u3000{%- if true %}x{% endif %}",
    "{% for m in messages %}{% if loop.first and m.role == 'system' %}\n<<{{ m.content }}>>\n{% elif m.role == 'user' %}\n[{{ m.content | trim }}]\n{% else %}\n{{ m.content }}{% endif %}{% endfor %}\n",
    "{% for m in messages if m.role != 'system' %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('order') }}{% endif %}{{ m.role }}{% endfor %}",
    "line one\nline two {% if true %}\n{{ raise_exception('at three') }}{% endif %}",
    "{% macro f(t) %}{% if t is mapping %}{{ '{' }}{% for k, v in t | dictsort %}{{ k }}:{{ f(v) }}{% if not loop.last %},{% endif %}{% endfor %}{{ '}' }}{% elif t is sequence and t is not string %}[{% for v in t %}{{ f(v) }}{{ ',' if not loop.last }}{% endfor %}]{% else %}{{ t | tojson }}{% endif %}{% endmacro %}{{ f(nested) }} {{ f(people) }}",
    "{%- set ns = namespace(seen=[], last='') -%}\n{%- for m in messages -%}\n{%- set ns.seen = ns.seen + [m.role] -%}\n{%- set ns.last = m.content -%}\n{%- endfor -%}\n{{ ns.seen | join('>') }} {{ ns.last }}",
    "{% set l2 = [1, 2] %}{% for i in l2 %}{% if i < 4 %}{% set _ = l2.append(i + 2) %}{% endif %}{{ i }}{% endfor %}",
    "{% for a in [1, 2] %}{% for b in [3, 4] if b > a + 1 %}{{ a }}{{ b }}{{ loop.length }} {% endfor %}{% endfor %}",
    "{% set ns = namespace(n=0) %}{% for i in [1, 2, 3, 4] if ns.n < 2 %}{% set ns.n = ns.n + 1 %}{{ i }}{% endfor %}",
    "{% set fs = [] %}{% for i in [1, 2] %}{% macro f() %}{{ i }}{% endmacro %}{{ f() }}{% endfor %}",
]


def main():
    environment = make_environment()
    sources = [line for line in LINES.strip().split("\n")] + BLOCKS
    cases = [{"template": source, **render(environment, source, VARIABLES)} for source in sources]
    document = {"now_unix_s": NOW_UNIX_S, "variables": VARIABLES, "cases": cases}
    pathlib.Path(sys.argv[1]).write_text(json.dumps(document, ensure_ascii=False, indent=0) + "\n")
    errors = [case for case in cases if "output" not in case]
    print(f"{len(cases)} templates, {len(errors)} of them with errors")
    for case in errors:
        print(case.get("raised") or case["error"], "<-", case["template"][:100])


main()
