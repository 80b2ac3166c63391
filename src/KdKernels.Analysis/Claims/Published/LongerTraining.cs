using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Sweeps;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>Longer training helps distillation more than it helps plain training. Four groups of students: plain and taught,
/// each for E and for 3E epochs with schedules of their own.</summary>
internal static class LongerTraining
{
    private const int Factor = 3;
    private const string Short = "short";

    private static readonly string[] ReducedSettings =
    [
        "teacher.model=convnet-medium", "teacher.solver.epochs=10", "student.solver.epochs=4", "evaluation.every=100",
    ];

    private static readonly string[] FullSettings =
    [
        "teacher.model=resnet56", "student.model=resnet20", "evaluation.every=100",
        "teacher.solver.epochs=240", "student.solver.epochs=240",
        "teacher.solver.schedule={kind: multi-step, milestones: [150, 180, 210], gamma: 0.1}",
        "student.solver.schedule={kind: multi-step, milestones: [150, 180, 210], gamma: 0.1}",
    ];

    public static Claim Definition { get; } = new()
    {
        Name = "longer-training",
        Hypothesis = "Training three times as long raises a distilled student's held-out accuracy by more than a plain student's.",
        Paper = "Wang, Lohit, Jones and Fu 2022, What Makes a \"Good\" Data Augmentation in Knowledge Distillation, section 3; "
            + "Beyer et al. 2022, Knowledge Distillation: A Good Teacher is Patient and Consistent, section 3",
        Needs = SweepEntries.Images,
        Reduced = "CIFAR-10 as it is under KD_DATA, convnet-medium to convnet-small, 4 and 12 epochs: far from where the papers' curves "
            + "end, so that it speaks about the beginning of training only.",
        Full = "All of CIFAR-10, resnet56 to resnet20, 240 and 720 epochs with milestones at 150, 180 and 210 of 240; the papers' "
            + "longest trainings, of thousands of epochs on ImageNet, are not in it.",
        Minutes = 9,
        FullMinutes = 30_000,
        Check = settings => SweepEntries.Check(Entries(settings)),
        Run = Run,
    };

    private static SweepEntry[] Entries(ClaimSettings settings)
    {
        Recipe recipe = RecipeReader.Read(
            "cifar10-kd", [.. settings.Full ? FullSettings : ReducedSettings, .. settings.Overrides, $"seeds={settings.Seeds}"]);
        SolverRecipe solver = recipe.Student.Solver;
        SolverRecipe longer = solver with
        {
            Epochs = Factor * solver.Epochs, Schedule = solver.Schedule.Rescaled(solver.Epochs, Factor * solver.Epochs),
        };
        return [Entry(Short, solver), Entry("long", longer)];

        SweepEntry Entry(string name, SolverRecipe student) => new()
        {
            Name = name,
            Recipe = recipe with { Student = recipe.Student with { Solver = student }, Distill = DistillRecipe.None },
            Arms = [new SweepArm(recipe.Distill.Methods[0].Name, recipe.Distill)],
        };
    }

    private static ClaimFindings Run(ClaimContext context)
    {
        SweepEntry[] entries = Entries(context.Settings);
        TrainedEntry early = context.Train(entries[0]);
        TrainedEntry late = context.Train(entries[1], teacherOf: Short);
        long key = entries[0].Recipe.Seed;
        var parameters = new SortedDictionary<string, string>(
            SweepEntries.Parameters(entries[0], early).ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal)
        {
            ["longer student"] = SweepEntries.Parameters(entries[1], late)["student"],
        };
        return new ClaimFindings
        {
            Statistics =
            [
                Extra(arm => arm.Scores, 100).As(
                    "gain of longer training in accuracy, taught minus plain", "percentage points", ClaimSide.Above),
                Extra(arm => [.. arm.Students.Select(student => student.Losses!)], 1).As(
                    "gain of longer training in held-out cross-entropy, taught minus plain", "nats", ClaimSide.Below, decides: false),
                Longer(late.Arms[0], early.Arms[0]).As(
                    "longer training of the taught student", "percentage points", ClaimSide.Above, decides: false),
                Longer(late.Plain, early.Plain).As(
                    "longer training of the plain student", "percentage points", ClaimSide.Above, decides: false),
            ],
            Parameters = parameters,
            Data = SweepEntries.Data(early),
            Details = [SweepEntries.Accuracies(early), SweepEntries.Accuracies(late)],
            Notes = ["Cross-entropy is lower where it is better, and is that of the networks at temperature 1."],
        };

        ClaimEstimate Longer(TrainedArm longer, TrainedArm shorter) => SweepEntries.Gain(longer, shorter, key);

        ClaimEstimate Extra(Func<TrainedArm, IReadOnlyList<double[]>> outcomes, double scale) => ClaimBootstrap.Paired(
            ClaimBootstrap.Contrast(
                (scale, outcomes(late.Arms[0])),
                (-scale, outcomes(early.Arms[0])),
                (-scale, outcomes(late.Plain)),
                (scale, outcomes(early.Plain))),
            key);
    }
}
