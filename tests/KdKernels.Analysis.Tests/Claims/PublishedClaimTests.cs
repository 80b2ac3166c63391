using KdKernels.Analysis.Claims;
using KdKernels.Analysis.Claims.Published;

namespace KdKernels.Analysis.Tests.Claims;

/// <summary>The claims themselves: documented, and whole in settings of seconds on generated images.</summary>
public sealed class PublishedClaimTests : IDisposable
{
    private static readonly string[] Tiny =
    [
        "data.name=shapes", "data.train=80", "data.test=40", "teacher.model=convnet-small", "student.model=mlp-small",
        "teacher.solver.epochs=1",
    ];

    private readonly RecordingObserver _observer = new();
    private readonly string _root = Directory.CreateTempSubdirectory("kd-published").FullName;

    public static TheoryData<string> Names { get; } = [.. ClaimCatalog.Names];

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Every_claim_is_in_the_catalog_and_documented()
    {
        Assert.Superset(
            new HashSet<string>(
                [
                    "fsp-speed", "input-noise", "jacobian-low-data", "logits-limit", "longer-training", "omitted-digit",
                    "takd-large-gap", "vid-cnn-to-mlp",
                ],
                StringComparer.Ordinal),
            ClaimCatalog.Names.ToHashSet(StringComparer.Ordinal));
        Assert.Equal(ClaimCatalog.Names.Distinct(StringComparer.Ordinal), ClaimCatalog.Names);
        Assert.All(ClaimCatalog.All, claim =>
        {
            Assert.Matches("^[a-z0-9-]+$", claim.Name);
            Assert.Matches(@"^\p{Lu}.*[^.]\.$", claim.Hypothesis);
            Assert.Matches("(19|20)[0-9]{2}", claim.Paper);
            Assert.NotEmpty(claim.Needs);
            Assert.EndsWith(".", claim.Reduced, StringComparison.Ordinal);
            Assert.EndsWith(".", claim.Full, StringComparison.Ordinal);
            Assert.InRange(claim.Minutes, 0.1, 40);
            Assert.True(claim.FullMinutes >= claim.Minutes);
            Assert.InRange(claim.Seeds, 1, 10);
            Assert.Same(claim, ClaimCatalog.Find(claim.Name));
        });
        Assert.Null(ClaimCatalog.Find("Logits-Limit"));
        Assert.Equal("logits-limit", ClaimCatalog.Nearest("logit-limits")[0]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Networks_and_methods_of_both_settings_go_together(string name)
    {
        // Knowledge points are of clouds and sentences as well; what needs files here is the digits.
        Claim claim = ClaimCatalog.Find(name)!;
        string[] small = ["data.train=200", "data.test=20"];
        string[] overrides = name.StartsWith("knowledge-points", StringComparison.Ordinal) && !name.EndsWith("mnist", StringComparison.Ordinal) ? small : ["data.name=shapes", .. small];
        foreach (bool full in (bool[])[false, true])
            claim.Check(ClaimRun.Settings(claim, seeds: null, full, overrides));
    }

    [Fact]
    public void Gradients_tend_to_those_of_regressing_mean_free_logits()
    {
        ClaimResult result = Run("logits-limit", seeds: 2, "student.solver.epochs=1");
        Assert.Equal(ClaimVerdict.Holds, result.Verdict);
        Assert.InRange(result.Statistics[0].Estimate, -1.05, -0.95);
        Assert.Equal((2, 40), (result.Statistics[0].Seeds, result.Statistics[0].Items));
        IReadOnlyDictionary<string, double> curve = result.Details[0].Figures;
        Assert.True(curve["T = 1"] > curve["T = 10"] && curve["T = 10"] > curve["T = 1000"]);
        Assert.Equal(["pair", "logits", "gradients"], result.Parts.Select(part => part.Name));
        Assert.Equal("mlp-small", result.Setting.Parameters["student"].Split(',')[0]);
    }

    [Fact]
    public void A_limit_without_the_right_factor_would_not_be_reached()
    {
        // Two items whose logits differ by a constant and by a mean-free vector: the first has no gradient in the limit.
        var logits = new PairLogits([[1, 2, 3], [0, 0, 0]], [[[2, 3, 4], [1, 0, -1]]]);
        GradientDistances distances = GradientDistances.Of(logits, [1, 1e4]);
        Assert.Equal(0, distances.Limits[0], 1e-20);
        Assert.Equal(2.0 / 9, distances.Limits[1], 1e-12);
        Assert.InRange(distances.Relative(1, [0, 1]), 0, 1e-4);
        Assert.True(distances.Relative(0, [0, 1]) > 0.05);
    }

    [Fact]
    public void Longer_training_takes_one_teacher_and_three_times_the_epochs()
    {
        ClaimResult result = Run("longer-training", seeds: 2, "student.solver.epochs=1");
        Assert.Single(_observer.Trained, stage => stage == "teacher");
        Assert.Equal(2 * (1 + 3), _observer.Trained.Count(stage => stage.StartsWith("plain-", StringComparison.Ordinal)));
        Assert.Equal(2 * (1 + 3), _observer.Trained.Count(stage => stage.StartsWith("kd-", StringComparison.Ordinal)));
        ClaimStatistic[] statistics = [.. result.Statistics];
        Assert.Equal(statistics[2].Estimate - statistics[3].Estimate, statistics[0].Estimate, 9);
        Assert.Equal([true, false, false, false], statistics.Select(statistic => statistic.Decides));
        Assert.Contains("3 epochs", result.Setting.Parameters["longer student"], StringComparison.Ordinal);
    }

    [Fact]
    public void Knowledge_points_are_those_of_the_students_that_it_trained()
    {
        ClaimResult result = Run(
            "knowledge-points-shapes", seeds: 2, "student.solver.epochs=2", "trace.epochs=[0, 2]", "trace.layers=[stage1]");
        Assert.Equal(
            ["N_fg", "N_bg", "lambda", "D_mean", "D_std", "rho"],
            result.Statistics.Select(statistic => statistic.Name.Split(' ')[1].TrimEnd(',')));
        Assert.All(result.Statistics, statistic => Assert.True(statistic.Decides && statistic.Seeds == 2));
        Assert.Equal("0, 2", result.Setting.Parameters["epochs"]);
        Assert.Equal(3, result.Notes.Count(note => note.StartsWith('H')));
        Assert.Equal(["training", "points"], result.Parts.Select(part => part.Name));
        Assert.Equal(["layer stage1", "layer all", "effective images of 20"], result.Details.Select(detail => detail.Name));
        Assert.Contains("D_mean, plain", result.Details[0].Figures.Keys);

        // Layers have the same figures, and stand beside each other in the report.
        string report = File.ReadAllText(
            Directory.EnumerateFiles(_root, "report.html", SearchOption.AllDirectories).Single(path => !path.Contains("/points/", StringComparison.Ordinal)));
        Assert.Matches(
            """<h2>details</h2>.*\n?<thead><tr><td></td>\s*<th scope="col" class="n">layer stage1</th>\s*<th scope="col" class="n">layer all</th>""",
            report);
        Assert.Matches("""<tr><th scope="row">D_mean, plain</th>(\s*<td class="n">[^<]+</td>){2}\s*</tr>""", report);
        Assert.Contains("<h2>effective images of 20</h2>", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Knowledge_points_of_hints_are_those_of_the_stage_that_learns_one_layer_of_the_teacher()
    {
        ClaimResult result = Run(
            "knowledge-points-hints", seeds: 2, "teacher.model=mlp-small", "student.solver.epochs=2", "trace.epochs=[0, 2]",
            "trace.layers=[stage1]", "distill.first-stage-epochs=2", "distill.hint-layer=stage1", "distill.guided-layer=stage1");
        Assert.Equal("First", result.Setting.Parameters["stage"]);
        Assert.Contains(_observer.Trained, stage => stage == "distilled-first-2");
        string[] probed = Directory.GetFiles(_root, "distilled*-stage1-*.json", SearchOption.AllDirectories);
        Assert.Equal(2 * 2, probed.Length);
        Assert.All(probed, part => Assert.StartsWith("distilled-first-", Path.GetFileName(part), StringComparison.Ordinal));
    }

    [Fact]
    public void Augmentations_are_measured_on_the_teacher_and_trained_with()
    {
        ClaimResult result = Run(
            "t-stddev-shapes", seeds: 1, "teacher.model=mlp-small", "data.train=400", "student.solver.epochs=1");
        Assert.Equal(9, result.Statistics[0].Items);
        Assert.InRange(result.Statistics[0].Estimate, result.Statistics[0].Interval.Low, result.Statistics[0].Interval.High);
        Assert.Equal(9, result.Details.Count(detail => detail.Figures.ContainsKey("T.stddev")));
        Assert.Equal(9, result.Details.Where(detail => detail.Figures.ContainsKey("T.stddev"))
            .Select(detail => detail.Figures["test loss, nats"]).Distinct().Count());
        Assert.InRange(result.Details[0].Figures["Pearson, two-sided"], 0, 1);
    }

    [Fact]
    public void A_training_that_was_stopped_goes_on_to_the_same_result()
    {
        string[] settings = ["student.solver.epochs=1"];
        using var source = new CancellationTokenSource();
        var stopping = new StoppingObserver(source, "plain-2");
        Claim claim = ClaimCatalog.Find("logits-limit")!;
        ClaimSettings wanted = ClaimRun.Settings(claim, 2, full: false, [.. Tiny, .. settings]);
        string folder = Path.Combine(_root, "stopped");
        Assert.Throws<ClaimStoppedException>(
            () => ClaimRun.Run(claim, wanted, folder, stopping, cancellation: source.Token));
        Assert.False(File.Exists(ClaimRun.ResultPath(folder)));
        ClaimResult resumed = ClaimRun.Run(claim, wanted, folder, _observer);
        Assert.DoesNotContain("teacher", _observer.Trained);
        ClaimResult whole = Run("logits-limit", seeds: 2, settings);
        Assert.Equal(whole.Statistics, resumed.Statistics);
        Assert.Equal(whole.Data, resumed.Data);
    }

    [Fact]
    public void The_gain_at_few_images_minus_that_at_many_is_the_statistic()
    {
        ClaimResult result = Run("jacobian-low-data", seeds: 1, "student.solver.epochs=1");
        Assert.Single(_observer.Trained, stage => stage == "teacher");
        Assert.Equal(5, result.Statistics.Count);
        Assert.Equal(result.Statistics[1].Estimate - result.Statistics[^1].Estimate, result.Statistics[0].Estimate, 9);
    }

    [Theory]
    [InlineData(null, 10)]
    [InlineData(4, 4)]
    public void A_student_that_never_gets_there_counts_with_all_of_its_epochs(int? reached, int counted)
    {
        var student = new TrainedStudent
        {
            Seed = 1, Epochs = 10, Accuracy = 0.5, EpochsToPlain = reached, Scores = [], Losses = null, Extra = null,
        };
        Assert.Equal(counted, FspSpeed.Epochs(student));
    }

    [Fact]
    public void Speed_is_the_mean_log_ratio_of_epochs_with_the_first_stage()
    {
        ClaimResult result = Run("fsp-speed", seeds: 2, "student.model=convnet-small", "student.solver.epochs=2");
        IReadOnlyDictionary<string, double> epochs = result.Details[0].Figures;
        double mean = new[] { 1, 2 }.Average(seed => Math.Log(epochs[$"fsp, seed {seed}"] / epochs[$"plain, seed {seed}"]));
        Assert.Equal(mean, result.Statistics[0].Estimate, 12);
        Assert.Equal(ClaimVerdict.Inconclusive, result.Verdict);
        Assert.Equal(double.NegativeInfinity, result.Statistics[0].Interval.Low);
        Assert.All(epochs.Where(pair => pair.Key.StartsWith("fsp", StringComparison.Ordinal)), pair => Assert.InRange(pair.Value, 1, 4));
        // Two epochs of the first stage are trained for every seed.
        Assert.Equal(2 * 2, _observer.Trained.Count(stage => stage.StartsWith("fsp-first-", StringComparison.Ordinal)));
    }

    private ClaimResult Run(string name, int seeds, params string[] settings)
    {
        Claim claim = ClaimCatalog.Find(name)!;
        return ClaimRun.Run(
            claim,
            ClaimRun.Settings(claim, seeds, full: false, [.. Tiny, .. settings]),
            Path.Combine(_root, name),
            _observer);
    }
}
