/// How the page looks: on a phone and a wide screen, light and dark, and on paper.
enum StyleSheet {
  /// Colours of activities and lines differ in lightness, too, so that they can be told apart by everybody and on grey
  /// paper.
  static let text = """
    :root {
      --paper: #fcfcfa; --ink: #1c1c1a; --soft: #5f5e59; --rule: #dcdbd5; --bar: #a9b4c2; --best: #23649e;
      --computing: #23649e; --decoding: #e3b23c; --encoding: #d1622b; --pipes: #7d4fa3; --queue: #2f8f83; --idle: #e4e3dd;
      --wrong: #b3261e; --right: #2c6e49;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #17181a; --ink: #ecebe6; --soft: #a6a59f; --rule: #37383b; --bar: #5d6875; --best: #6aaee6;
        --computing: #5b9fd8; --decoding: #e8c35a; --encoding: #e58350; --pipes: #b289d6; --queue: #6fcabd; --idle: #34363a;
        --wrong: #ff8a80; --right: #7cc79c;
      }
    }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 70rem; padding: 1rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif; }
    h1 { font-size: 1.9rem; line-height: 1.2; margin: 1rem 0 .5rem; }
    h2 { font-size: 1.35rem; margin: 0 0 .25rem; }
    header p { margin: .15rem 0; color: var(--soft); }
    header .right { color: var(--right); } .wrong { color: var(--wrong) !important; font-weight: 600; }
    .verdict { border-left: 4px solid var(--best); padding-left: 1rem; margin: 1.5rem 0; }
    .verdict ul { margin: .25rem 0; padding-left: 1.1rem; }
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
    .row { display: grid; grid-template-columns: 13rem minmax(0, 1.3fr) minmax(0, 1fr); column-gap: .75rem;
      align-items: center; min-height: 1.55rem; }
    .row.plain { grid-template-columns: 13rem minmax(0, 1fr); }
    .name { font-size: .85rem; overflow-wrap: anywhere; line-height: 1.2; }
    .name small { white-space: nowrap; color: var(--soft); margin-left: .4rem; }
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
    table { border-collapse: collapse; font-size: .8rem; font-variant-numeric: tabular-nums; }
    th, td { padding: .2rem .6rem; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--rule); }
    th { color: var(--soft); font-weight: 600; } .number { text-align: right; }
    @media (max-width: 46rem) {
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
