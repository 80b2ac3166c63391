namespace KdKernels.Distillation.Reporting;

/// <summary>What every report begins and ends with.</summary>
internal static class PageFrame
{
    /// <summary>Up to the open main element.</summary>
    /// <param name="html">The page.</param>
    /// <param name="title">Of the document.</param>
    /// <param name="allowed">What the page may hold besides its own styles, as a content security policy says it.</param>
    public static void Open(HtmlBuilder html, string title, string allowed = "") => html.Add($"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy"
        content="{new Markup($"default-src 'none'; {allowed}style-src 'unsafe-inline'")}">
        <title>{title}</title>
        <style>
        {ReportAssets.Style}</style>
        </head>
        <body>
        <main>
        """);

    /// <summary>The footer, and the end of the main element.</summary>
    public static void CloseMain(HtmlBuilder html) => html.Add($"""
        <footer>Written by KdKernels {ReportAssets.Version}.
        This file holds everything that it shows and loads nothing.</footer>
        </main>
        """);
}
