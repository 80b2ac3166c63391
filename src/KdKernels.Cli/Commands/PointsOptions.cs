using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using KdKernels.Analysis.Points;
using KdKernels.Analysis.Probe;

namespace KdKernels.Cli.Commands;

/// <summary>What <c>kd points</c> was asked for.</summary>
internal sealed record PointsRequest(
    string Run,
    string? Plain,
    PointsSettings Settings,
    IReadOnlyList<(string Setting, double Value)> Variants,
    string? Output,
    bool AsJson);

/// <summary>The options of <c>kd points</c>.</summary>
internal sealed class PointsOptions
{
    private readonly Argument<string> run = new("run")
    {
        Description = "A finished run whose recipe traced epochs and layers.",
        HelpName = "run",
    };

    private readonly Argument<string?> plain = new("plain")
    {
        Description = "The run with the plain students. Default: the same run.",
        HelpName = "plain-run",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string[]> layers = WordsOption.Create("--layers", "l1,l2", "Layers to analyse. Default: those that the recipe traced.");
    private readonly Option<string[]> epochs = WordsOption.Create("--epochs", "e1,e2", "Checkpoints. Default: all that the students share.");
    private readonly Option<int?> items = Number<int>("--items", "Held-out items to probe; 50, or 20 with --reduced.");
    private readonly Option<double?> threshold = Number<double>("--threshold", "b, in nats; 0.2.");
    private readonly Option<int?> grid = Number<int>("--grid", "Cells along an image's side; 16, or 8.");
    private readonly Option<int?> samples = Number<int>("--samples", "Noisy copies per step; 96, or 24.");
    private readonly Option<int?> steps = Number<int>("--steps", "Steps of the descent; 60, or 40.");
    private readonly Option<double?> alpha = Number<double>("--alpha", "Weight of the entropy; 7 (6 for ResNets).");
    private readonly Option<double?> rate = Number<double>("--learning-rate", "Of the descent, per 256 units of an item; 1e-4.");
    private readonly Option<double?> target = Number<double>("--target", "Mean entropy at which networks are compared; -2.8.");
    private readonly Option<ulong?> seed = Number<ulong>("--seed", "Of items, noise and bootstrap; 0.");

    private readonly Option<bool> reduced = new("--reduced")
    {
        Description = "8x8 cells, 24 copies, 40 steps that end at the target, 20 items: for two CPU cores.",
    };

    private readonly Option<MaskSource> masks = new("--masks")
    {
        Description = "Where the foreground comes from: the data's own masks, bright pixels, or a central box.",
        DefaultValueFactory = _ => MaskSource.Data,
    };

    private readonly Option<StudentStage> stage = new("--stage")
    {
        Description = "The distilled students' training: the last, or a two-stage method's first.",
        DefaultValueFactory = _ => StudentStage.Last,
    };

    private readonly Option<string[]> vary = new("--vary")
    {
        Description = "Also measures the last checkpoint under other values of grid or samples. May be repeated.",
        HelpName = "grid=4,16",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string?> output = new("--output", "-o")
    {
        Description = "Where to write. Default: points in the run's folder. A folder of the same measurement goes on.",
        HelpName = "dir",
    };

    private readonly Option<bool> json = new("--json") { Description = "The result as one JSON object, the last line of standard output." };

    public void AddTo(Command command)
    {
        command.Arguments.Add(run);
        command.Arguments.Add(plain);
        foreach (Option option in new Option[]
        {
            layers, epochs, stage, items, masks, threshold, reduced, grid, samples, steps, alpha, rate, target, seed, vary, output, json,
        })
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            foreach (string word in result.GetValue(epochs)!)
            {
                if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                    result.AddError($"--epochs: expected whole numbers but got '{word}'.");
            }

            foreach (string word in result.GetValue(vary)!.Where(word => Variants(word) is null))
                result.AddError($"--vary: expected grid or samples with numbers, such as grid=4,16, but got '{word}'.");
        });
    }

    public PointsRequest Read(ParseResult parsed)
    {
        bool small = parsed.GetValue(reduced);
        ProbeSettings probe = small ? ProbeSettings.Reduced : new ProbeSettings();
        ulong key = parsed.GetValue(seed) ?? 0;
        var settings = new PointsSettings
        {
            Layers = parsed.GetValue(layers)!,
            Epochs = [.. parsed.GetValue(epochs)!.Select(word => int.Parse(word, CultureInfo.InvariantCulture))],
            Items = parsed.GetValue(items) ?? (small ? 20 : 50),
            Masks = parsed.GetValue(masks),
            Stage = parsed.GetValue(stage),
            Threshold = parsed.GetValue(threshold) ?? 0.2,
            Seed = key,
            Probe = probe with
            {
                Grid = parsed.GetValue(grid) ?? probe.Grid,
                Samples = parsed.GetValue(samples) ?? probe.Samples,
                Steps = parsed.GetValue(steps) ?? probe.Steps,
                Alpha = parsed.GetValue(alpha) ?? probe.Alpha,
                LearningRate = parsed.GetValue(rate) ?? probe.LearningRate,
                TargetEntropy = parsed.GetValue(target) ?? probe.TargetEntropy,
                Seed = key,
            },
        };
        return new PointsRequest(
            parsed.GetValue(run)!,
            parsed.GetValue(plain),
            settings,
            [.. parsed.GetValue(vary)!.SelectMany(word => Variants(word)!)],
            parsed.GetValue(output),
            parsed.GetValue(json));
    }

    private static List<(string Setting, double Value)>? Variants(string word)
    {
        string[] parts = word.Split('=');
        if (parts.Length != 2 || parts[0] is not ("grid" or "samples"))
            return null;
        List<(string Setting, double Value)> variants = [];
        foreach (string value in parts[1].Split(','))
        {
            if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                return null;
            variants.Add((parts[0], number));
        }

        return variants;
    }

    private static Option<T?> Number<T>(string name, string description)
        where T : struct => new(name) { Description = description };
}
