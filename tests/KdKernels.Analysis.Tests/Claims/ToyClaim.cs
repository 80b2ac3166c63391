using KdKernels.Analysis.Claims;

namespace KdKernels.Analysis.Tests.Claims;

/// <summary>A claim of three parts, of which each takes a minute of a clock that only they move.</summary>
internal sealed class ToyClaim
{
    private static readonly string[] PartNames = ["one", "two", "three"];

    public SteppedTime Time { get; } = new();

    /// <summary>Parts that were really done, in order.</summary>
    public List<string> Done { get; } = [];

    /// <summary>Called in every part.</summary>
    public Action<string> InPart { get; set; } = static _ => { };

    public Claim Definition => new()
    {
        Name = "toy",
        Hypothesis = "Thirds add up to more than 0.",
        Paper = "Nobody 2026",
        Needs = "nothing",
        Reduced = "Three parts.",
        Full = "Three parts.",
        Minutes = 3,
        FullMinutes = 3,
        Seeds = 2,
        Run = Run,
    };

    private ClaimFindings Run(ClaimContext context)
    {
        double[] values = [.. PartNames.Select((name, index) => context.Part(name, () =>
        {
            InPart(name);
            Done.Add(name);
            Time.Minutes++;
            return (index + 1) / 3.0;
        }))];
        return new ClaimFindings
        {
            Statistics =
            [
                ClaimBootstrap.OverSeeds(values, key: 1).As("thirds", "1", ClaimSide.Above),
                ClaimBootstrap.OverItems(3, context.Seeds, drawn => drawn.Average(item => values[item]), key: 1)
                    .As("the same over items", "1", ClaimSide.Below, decides: false),
            ],
            Parameters = new Dictionary<string, string>(StringComparer.Ordinal) { ["parts"] = "3" },
            Data = new Dictionary<string, string>(StringComparer.Ordinal),
        };
    }
}

/// <summary>Time that stands still until it is set.</summary>
internal sealed class SteppedTime : TimeProvider
{
    public double Minutes { get; set; }

    public override long TimestampFrequency => 1000;

    public override long GetTimestamp() => (long)(Minutes * 60_000);
}
