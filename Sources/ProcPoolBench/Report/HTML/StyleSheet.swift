/// The style of the page for phones and wide screens, in light and dark mode, and for paper.
enum StyleSheet {
  /// The colours of activities and lines also differ in lightness, so that they can be
  /// distinguished with colour blindness and on grey paper.
  static let text = """
    :root {
      --paper: #fcfcfa; --ink: #1c1c1a; --soft: #5f5e59; --rule: #dcdbd5; --bar: #a9b4c2; --best: #23649e;
      --computing: #23649e; --decoding: #e3b23c; --encoding: #d1622b; --pipes: #7d4fa3; --queue: #2f8f83; --idle: #e4e3dd;
      --wrong: #b3261e; --right: #2c6e49; --encoding-text: #a8480f;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #17181a; --ink: #ecebe6; --soft: #a6a59f; --rule: #37383b; --bar: #5d6875; --best: #6aaee6;
        --computing: #5b9fd8; --decoding: #e8c35a; --encoding: #e58350; --pipes: #b289d6; --queue: #6fcabd; --idle: #34363a;
        --wrong: #ff8a80; --right: #7cc79c; --encoding-text: #f0a070;
      }
    }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 70rem; padding: 1rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif; }
    h1 { font-size: 1.9rem; line-height: 1.2; margin: 1rem 0 .5rem; }
    h2 { font-size: 1.35rem; margin: 0 0 .25rem; }
    header p { margin: .1rem 0; color: var(--soft); font-size: .85rem; }
    header .right { color: var(--right); } .wrong { color: var(--wrong) !important; font-weight: 600; }
    details { margin: .75rem 0; } details > summary { cursor: pointer; color: var(--best); }
    .verdict ul { margin: .25rem 0; padding-left: 1.1rem; font-size: .9rem; }
    .summary { margin: 1.25rem 0; } .summary h2 { font-size: 1.45rem; line-height: 1.3; }
    .threshold { margin: .25rem 0; } .summary .legend { display: block; } .summary .legend span { display: block; white-space: normal; padding-left: 1.2rem; text-indent: -1.2rem; }
    .lane.tie i { opacity: .45; } .key.tie { background: linear-gradient(135deg, var(--encoding) 50%, var(--computing) 50%); opacity: .45; }
    .panels { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.75rem; margin: 1rem 0; }
    @media (min-width: 60rem) { .panels { grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr); } }
    .speed { display: grid; grid-template-columns: 13rem minmax(0, 1fr); column-gap: .75rem; align-items: center;
      padding: .3rem 0; border-top: 1px solid var(--rule); }
    .payloads .speed { grid-template-columns: 4.25rem minmax(0, 1fr); }
    .ruler { border-top: 0; padding: 0; }
    .what { font-size: .85rem; line-height: 1.25; } .what small { display: block; color: var(--soft); font-size: .75rem; }
    .lane { display: grid; grid-template-columns: minmax(0, 1fr) 10.5rem; column-gap: .6rem; align-items: center; }
    .rail { position: relative; height: 1.15rem; }
    .rail::after { content: ""; position: absolute; left: var(--base); top: 0; bottom: 0; border-left: 2px solid var(--ink); }
    .rail i { position: absolute; left: 0; top: .15rem; bottom: .15rem; min-width: 3px; border-radius: 0 2px 2px 0; }
    .ticks { position: relative; height: 1.1rem; font-size: .7rem; color: var(--soft); }
    .ticks span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
    .ticks .base { color: var(--ink); font-weight: 600; }
    .pace { font-size: .75rem; line-height: 1.15rem; color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; }
    .pace b { color: var(--ink); font-weight: 600; }
    .lane.message i, .key.message { background: var(--encoding); } .lane.shared i, .key.shared { background: var(--computing); }
    .key.serial { background: var(--ink); width: .2rem; margin-left: .3rem; margin-right: .65rem; }
    .rail i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    .what .winner { color: var(--ink); } .winner.message, .what .winner.message { color: var(--encoding-text); font-weight: 600; }
    .winner.shared, .what .winner.shared { color: var(--best); font-weight: 600; } .winner.serial { font-weight: 600; }
    .others { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: .4rem 2rem; margin: 1.25rem 0; font-size: .85rem; }
    .others div, .terms div { display: grid; grid-template-columns: 6rem minmax(0, 1fr); column-gap: .5rem; }
    .terms { font-size: .8rem; margin: .5rem 0; color: var(--soft); } .terms div { grid-template-columns: 7rem minmax(0, 1fr); }
    dt { font-weight: 600; } dd { margin: 0; } .others small { display: block; color: var(--soft); }
    nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; border-bottom: 1px solid var(--rule); padding: .5rem 0; }
    a { color: var(--best); }
    section[id] { margin-top: 2.5rem; }
    .lead { color: var(--soft); margin: 0 0 .75rem; }
    .figures { padding-left: 1.1rem; } .notes { padding-left: 1.1rem; color: var(--soft); font-size: .85rem; }
    .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 1.5rem; margin-top: 1.5rem; }
    .charts { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.5rem; }
    figure { margin: 0; break-inside: avoid; }
    figcaption { font-weight: 600; margin-bottom: .35rem; }
    figcaption small { display: block; font-weight: 400; color: var(--soft); font-size: .8rem; }
    .legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; margin: .25rem 0 .5rem; font-size: .85rem; color: var(--soft); }
    .legend span { white-space: nowrap; }
    .key { display: inline-block; width: .8rem; height: .8rem; margin-right: .35rem; vertical-align: -.1rem; }
    .row { display: grid; grid-template-columns: 16rem minmax(0, 1.3fr) minmax(0, 1fr); column-gap: .75rem;
      align-items: center; min-height: 1.55rem; padding: .15rem 0; }
    .row.plain { grid-template-columns: 16rem minmax(0, 1fr); }
    .name { font-size: .85rem; overflow-wrap: anywhere; line-height: 1.2; }
    .name small { white-space: nowrap; color: var(--soft); margin-left: .4rem; font-weight: 400; }
    .name .words { display: block; white-space: normal; margin: 0; font-size: .7rem; }
    .track, .scale { position: relative; height: 1.1rem; margin-right: 6rem; }
    .track { background: repeating-linear-gradient(to right, var(--rule) 0 1px, transparent 1px calc(100% / var(--decades))); }
    .bar { position: absolute; left: 0; top: .15rem; bottom: .15rem; min-width: 2px; background: var(--bar); border-radius: 0 2px 2px 0; }
    .best .bar { background: var(--best); } .best .name { font-weight: 600; }
    .range { position: absolute; top: calc(50% - 1px); height: 2px; min-width: 2px; background: var(--ink); opacity: .55; }
    .value { position: absolute; top: -.1rem; padding-left: .4rem; font-size: .8rem; line-height: 1.3rem; white-space: nowrap;
      font-variant-numeric: tabular-nums; }
    .scale { font-size: .7rem; color: var(--soft); } .row.axis { min-height: 1.1rem; }
    .scale span { position: absolute; white-space: nowrap; transform: translateX(-50%); }
    .scale span:first-child { transform: none; }
    .split { display: flex; height: .45rem; margin: 1px 0; overflow: hidden; border-radius: 2px; }
    .split i, .split { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    .bar, .key, .track { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    .computing { background: var(--computing); } .decoding { background: var(--decoding); }
    .encoding { background: var(--encoding); } .pipes { background: var(--pipes); } .idle { background: var(--idle); }
    .queue { background: var(--queue); } .split.chunk { height: .25rem; }
    .lines svg { display: block; width: 100%; max-width: 34rem; height: auto; }
    svg text { font-size: 11px; fill: var(--soft); font-family: inherit; }
    svg .mark { fill: var(--ink); } svg line.mark { stroke: var(--ink); stroke-dasharray: 2 3; }
    svg .grid { stroke: var(--rule); stroke-width: 1; }
    polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
    polyline.s0 { stroke: var(--encoding); } circle.s0, .key.s0 { fill: var(--encoding); background: var(--encoding); }
    polyline.s1 { stroke: var(--soft); stroke-dasharray: 6 3; } circle.s1, .key.s1 { fill: var(--soft); background: var(--soft); }
    polyline.s2 { stroke: var(--computing); } circle.s2, .key.s2 { fill: var(--computing); background: var(--computing); }
    polyline.s3 { stroke: var(--pipes); stroke-dasharray: 2 2; } circle.s3, .key.s3 { fill: var(--pipes); background: var(--pipes); }
    polyline.ideal { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 4 4; }
    .key.ideal { height: 0; border-top: 2px dashed var(--soft); vertical-align: .2rem; }
    .scroll { overflow-x: auto; margin: 1rem 0; }
    table { border-collapse: collapse; font-size: .75rem; font-variant-numeric: tabular-nums; }
    th, td { padding: .2rem .45rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--rule); }
    th { color: var(--soft); font-weight: 600; vertical-align: bottom; } .number { text-align: right; } td.number { white-space: nowrap; }
    td small { color: var(--soft); }
    @media (max-width: 60rem) {
      .cards thead { display: none; } .cards, .cards tbody, .cards tr, .cards td { display: block; }
      .cards tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); gap: .1rem .6rem;
        padding: .4rem 0; border-bottom: 1px solid var(--rule); }
      .cards td { border: 0; padding: 0; text-align: left; overflow-wrap: anywhere; } .cards td:empty { display: none; }
      .cards td:first-child { grid-column: 1 / -1; font-weight: 600; }
      .cards td:not(:first-child)::before { content: attr(data-title); display: block; color: var(--soft); font-size: .65rem; }
    }
    @media (max-width: 46rem) {
      .speed, .payloads .speed { grid-template-columns: minmax(0, 1fr); row-gap: .15rem; }
      .payloads .speed { grid-template-columns: 4.25rem minmax(0, 1fr); }
      .what b, .what small { display: inline; margin-right: .4rem; } .what .winner { display: block; }
      .lane { grid-template-columns: minmax(0, 1fr) 10rem; }
      .row, .row.plain { grid-template-columns: minmax(0, 1fr); row-gap: .1rem; padding: .3rem 0; }
      .row.axis span:empty { display: none; }
    }
    @media print {
      :root { font-size: 11px; --paper: #fff; --ink: #000; --soft: #444; --rule: #ccc; --bar: #a9b4c2; --best: #23649e; --computing: #23649e;
        --decoding: #e3b23c; --encoding: #d1622b; --pipes: #7d4fa3; --queue: #2f8f83; --idle: #e4e3dd; --wrong: #b3261e; --right: #2c6e49; }
      body { max-width: none; font-size: 11px; } nav { display: none; } section[id] { break-before: auto; }
      .scroll { overflow: visible; } table { font-size: 7px; } th, td { padding: .1rem .25rem; }
    }
    """
}
