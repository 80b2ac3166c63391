namespace KdKernels.Distillation.Reporting;

/// <summary>Held-out pictures with the three networks' answers: first where they differ, then some at random.</summary>
internal static class SampleGallery
{
    public static void Add(HtmlBuilder html, IReadOnlyList<SamplePicture> samples)
    {
        if (samples.Count == 0)
            return;
        html.Add($"""
            <h2>Held-out pictures</h2>
            <p class="note">Chosen by the networks' answers, so that their proportion says nothing about accuracy.</p>
            """);
        AddGroup(html, "Where the networks differ", [.. samples.Where(sample => sample.Disputed)]);
        AddGroup(html, "Where they agree", [.. samples.Where(sample => !sample.Disputed)]);
    }

    private static void AddGroup(HtmlBuilder html, string title, IReadOnlyCollection<SamplePicture> samples)
    {
        if (samples.Count == 0)
            return;
        html.Add($"""
            <h3>{title}</h3>
            <ul class="pictures">
            """);
        foreach (SamplePicture sample in samples)
        {
            html.Add($"""
                <li><img src="data:image/png;base64,{Convert.ToBase64String(sample.Png)}"
                alt="a held-out picture of class {sample.TrueClass}" width="{sample.Width}" height="{sample.Height}">
                <div class="true">{sample.TrueClass}</div>
                <dl>{Answer("teacher", sample.Teacher, sample)}
                {Answer("plain", sample.Plain, sample)}
                {Answer("distilled", sample.Distilled, sample)}</dl></li>
                """);
        }

        html.Add($"</ul>");
    }

    private static Markup Answer(string network, string? answer, SamplePicture sample)
    {
        var html = new HtmlBuilder();
        string mark = string.Equals(answer, sample.TrueClass, StringComparison.Ordinal) ? "right" : "wrong";
        if (answer is not null)
            html.Add($"""<dt>{network}</dt><dd class="{mark}">{answer}</dd>""");
        return html.ToMarkup();
    }
}
