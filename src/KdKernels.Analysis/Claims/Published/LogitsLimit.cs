using System.Globalization;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Sweeps;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>
/// At high temperatures distillation is regression of logits.
/// <para>The gradient of T² KL(p_t ‖ p_s) with respect to the student's logits is T (softmax(z_s / T) − softmax(z_t / T)). As
/// softmax(z / T) = 1/K + (z − z̄) / (K T) + O(1/T²), it tends to (Δ − Δ̄) / K with Δ = z_s − z_t: the gradient of
/// ½ Σ (Δ − Δ̄)², divided by K. So it is compared with <see cref="KdFunctional.LogitRegression"/> of logits from
/// which each row's mean was taken, divided by the number of classes; what is left falls as 1/T.</para>
/// </summary>
internal static class LogitsLimit
{
    private const string Pair = "pair";

    // From here on the slope is measured: T is larger than the logits by then.
    private const double LargeTemperature = 50;

    private static readonly double[] Temperatures = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

    private static readonly string[] ReducedSettings =
    [
        "teacher.model=convnet-medium", "data.train=2000", "data.test=1000", "teacher.solver.epochs=4", "student.solver.epochs=3",
        "evaluation.every=100",
    ];

    private static readonly string[] FullSettings = ["evaluation.every=100"];

    public static Claim Definition { get; } = new()
    {
        Name = "logits-limit",
        Hypothesis = "As the temperature grows, the gradient of T² KL tends to that of regressing mean-free logits, their difference "
            + "falling as 1/T.",
        Paper = "Hinton, Vinyals and Dean 2015, Distilling the Knowledge in a Neural Network, section 2.1",
        Needs = "nothing: its images are generated",
        Reduced = "Logits of a teacher trained for 4 epochs and of plain students trained for 3, on 1,000 held-out shapes.",
        Full = "The same with the networks and the 10 epochs of the recipe shapes-kd, on 2,000 held-out shapes.",
        Minutes = 1,
        FullMinutes = 5,
        Seeds = 1,
        Check = settings => SweepEntries.Check([Entry(settings)]),
        Run = Run,
    };

    private static SweepEntry Entry(ClaimSettings settings)
    {
        Recipe recipe = RecipeReader.Read(
            "shapes-kd", [.. settings.Full ? FullSettings : ReducedSettings, .. settings.Overrides, $"seeds={settings.Seeds}"]);
        return new SweepEntry
        {
            Name = Pair,
            Recipe = recipe with { Distill = DistillRecipe.None },
            Arms = [new SweepArm("kd", recipe.Distill)],
        };
    }

    private static ClaimFindings Run(ClaimContext context)
    {
        SweepEntry entry = Entry(context.Settings);
        TrainedEntry trained = context.Train(entry);
        PairLogits logits = context.Part("logits", () => PairLogits.Of(entry.Recipe, context.RunOf(Pair), context.Say));
        GradientDistances distances =
            context.Part("gradients", () => GradientDistances.Of(logits, Temperatures));
        int first = Array.FindIndex(Temperatures, temperature => temperature >= LargeTemperature);
        long key = entry.Recipe.Seed;
        int items = logits.Teacher.Length;
        return new ClaimFindings
        {
            Statistics =
            [
                ClaimBootstrap.OverItems(items, context.Seeds, drawn => Slope(distances, first, drawn), key).As(
                    $"slope of the logarithm of the relative difference against that of T, T from {LargeTemperature} to {Temperatures[^1]}",
                    "per unit of log T",
                    ClaimSide.Below,
                    threshold: -0.9),
                ClaimBootstrap.OverItems(items, context.Seeds, drawn => distances.Relative(Temperatures.Length - 1, drawn), key).As(
                    $"relative difference at T = {Temperatures[^1]}", "1", ClaimSide.Below, threshold: 0.01, decides: false),
            ],
            Parameters = SweepEntries.Parameters(entry, trained),
            Data = SweepEntries.Data(trained),
            Details = [new ClaimDetail("relative difference of the gradients", Curve(distances, items)), SweepEntries.Accuracies(trained)],
            Notes =
            [
                "Relative difference: Euclidean norm of the difference of the gradients over that of the limit, over all held-out "
                    + "items and students, in float64.",
            ],
        };
    }

    /// <summary>Least squares of log(relative difference) on log T.</summary>
    private static double Slope(GradientDistances distances, int first, IReadOnlyList<int> drawn)
    {
        double[] x = [.. Temperatures.Skip(first).Select(temperature => Math.Log(temperature))];
        double[] y = [.. Enumerable.Range(first, x.Length).Select(index => Math.Log(distances.Relative(index, drawn)))];
        (double meanX, double meanY) = (x.Average(), y.Average());
        return x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum() / x.Sum(a => (a - meanX) * (a - meanX));
    }

    private static Dictionary<string, double> Curve(GradientDistances distances, int items)
    {
        int[] all = [.. Enumerable.Range(0, items)];
        return Temperatures.Index().ToDictionary(
            pair => string.Create(CultureInfo.InvariantCulture, $"T = {pair.Item}"),
            pair => distances.Relative(pair.Index, all),
            StringComparer.Ordinal);
    }
}
