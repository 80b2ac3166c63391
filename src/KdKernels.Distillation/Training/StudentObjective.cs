using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>What one teacher contributes: its network, if the methods need one, and the methods over it.</summary>
internal sealed record TeacherMethods(TeacherNetwork? Teacher, IReadOnlyList<MethodInstance> Methods);

/// <summary>The labels' loss with its weight, and the terms of all methods over all teachers with theirs.</summary>
internal sealed class StudentObjective : Objective
{
    private readonly LearningTask task;
    private readonly nn.Module<Tensor, Tensor> network;
    private readonly IReadOnlyList<TeacherMethods> teachers;
    private readonly DistillRecipe distill;
    private readonly StageSettings stage;
    private readonly BatchExpansion expansion;
    private readonly NetworkTaps taps;
    private readonly NetworkTaps?[] teacherTaps;
    private readonly TeacherSwitch teacherSwitch;
    private readonly PartsModule parts = new();

    private IReadOnlyList<(MethodInstance Method, MethodStep Step)> done = [];

    /// <param name="task">What there is to learn.</param>
    /// <param name="network">Who learns it.</param>
    /// <param name="teachers">From whom; empty for labels alone.</param>
    /// <param name="distill">Weights, the switch between teachers, kernels or composed operations.</param>
    /// <param name="stage">Which training this is.</param>
    public StudentObjective(
        LearningTask task,
        nn.Module<Tensor, Tensor> network,
        IReadOnlyList<TeacherMethods> teachers,
        DistillRecipe distill,
        StageSettings stage)
    {
        this.task = task;
        this.network = network;
        this.teachers = teachers;
        this.distill = distill;
        this.stage = stage;
        MethodInstance[] all = [.. teachers.SelectMany(teacher => teacher.Methods)];
        expansion = Rotations.Of(all);
        taps = new NetworkTaps(network, all.SelectMany(method => method.Method.StudentTaps).Concat(task.Taps));
        teacherTaps =
        [
            .. teachers.Select(teacher => teacher.Teacher is null
                ? null
                : new NetworkTaps(
                    teacher.Teacher.Network, teacher.Methods.SelectMany(method => method.Method.TeacherTaps))),
        ];
        teacherSwitch = new TeacherSwitch(distill.Switch, stage.Seed);
        foreach (MethodInstance method in all)
        {
            if (method.Method.Parts is { } own)
            {
                parts.Add(method.Name, own);
            }
        }
    }

    public override nn.Module Parts => parts;

    public override IReadOnlyList<Parameter> Undecayed =>
        [.. teachers.SelectMany(teacher => teacher.Methods).SelectMany(method => method.Method.Undecayed)];

    public override BatchLoss Of(Batch batch, double epoch, long step)
    {
        long rows = batch.Inputs.shape[0];
        Tensor inputs = Rotations.Expand(batch.Inputs, expansion);
        NetworkPass pass = NetworkPass.Run(network, taps, inputs, rows);
        MethodStep[] steps =
        [
            .. teachers.Select((teacher, index) => new MethodStep(
                () => RunTeacher(index, inputs, rows), labelWeight: 0)
            {
                Task = task,
                Batch = batch,
                Inputs = inputs,
                Student = pass,
                Epoch = epoch,
                Step = step,
                Seed = stage.Seed,
                FirstStage = stage.FirstStage,
                Ops = distill.Ops,
            }),
        ];
        double[] shares = teacherSwitch.Shares(steps, epoch, step);
        double labelWeight = LabelWeight(epoch);
        // A term that is divided among teachers must not divide the labels with it.
        int only = Array.IndexOf(shares, 1.0);
        if (only >= 0)
        {
            steps[only].OfferLabels(labelWeight);
        }

        List<(string Name, LossTerm Term)> terms = [];
        List<(MethodInstance, MethodStep)> ran = [];
        for (int t = 0; t < steps.Length; t++)
        {
            if (shares[t] == 0)
            {
                continue;
            }

            foreach (MethodInstance method in teachers[t].Methods.Where(Speaks))
            {
                terms.AddRange(method.Method.Terms(steps[t]).Select(term => (
                    NameOf(method, term), shares[t] == 1 ? term : Share(term, shares[t]))));
                ran.Add((method, steps[t]));
            }
        }

        done = ran;
        return Sum(batch, pass, epoch, labelWeight, steps, terms);
    }

    public override void StepDone()
    {
        foreach ((MethodInstance method, MethodStep step) in done)
        {
            method.Method.StepDone(step);
        }

        done = [];
    }

    public override IReadOnlyDictionary<string, double> Figures()
    {
        using DisposeScope scope = NewDisposeScope();
        var figures = new SortedDictionary<string, double>(StringComparer.Ordinal);
        // A first stage's student is not done.
        MethodInstance[] all = stage.FirstStage ? [] : [.. teachers.SelectMany(teacher => teacher.Methods)];
        foreach (MethodInstance method in all)
        {
            foreach ((string name, double value) in method.Method.Figures())
            {
                figures[all.Length == 1 ? name : $"{method.Name}: {name}"] = value;
            }
        }

        return figures;
    }

    public override void Dispose()
    {
        taps.Dispose();
        foreach (NetworkTaps? own in teacherTaps)
        {
            own?.Dispose();
        }

        foreach (MethodInstance method in teachers.SelectMany(teacher => teacher.Methods))
        {
            method.Method.Dispose();
        }

        parts.Dispose();
    }

    private bool Speaks(MethodInstance method) => method.SpeaksIn(stage.FirstStage);

    private static LossTerm Share(LossTerm term, double share) =>
        term with { Weight = term.Weight * share, Contribution = term.Contribution * share };

    private string NameOf(MethodInstance method, LossTerm term)
    {
        int methods = teachers.Sum(teacher => teacher.Methods.Count);
        return methods == 1 ? term.Name : $"{method.Name}.{term.Name}";
    }

    private double LabelWeight(double epoch) => stage.FirstStage ? 0 : distill.LabelWeight(epoch);

    private NetworkPass RunTeacher(int index, Tensor inputs, long rows)
    {
        TeacherNetwork teacher = teachers[index].Teacher
            ?? throw new InvalidOperationException("this method was made without a teacher");
        using var noGrad = no_grad();
        return NetworkPass.Run(teacher.Network, teacherTaps[index]!, inputs, rows);
    }

    private BatchLoss Sum(
        Batch batch,
        NetworkPass pass,
        double epoch,
        double labelWeight,
        MethodStep[] steps,
        List<(string Name, LossTerm Term)> terms)
    {
        bool taken = Array.Exists(steps, step => step.LabelsTaken);
        double weight = taken ? 0 : labelWeight;
        MethodStep? reader = Array.Find(steps, step => step.CrossEntropy is not null);
        Tensor labels;
        if (reader is not null)
        {
            labels = reader.CrossEntropy!;
        }
        else if (weight > 0)
        {
            labels = task.LabelLoss(pass, batch);
        }
        else
        {
            using var noGrad = no_grad();
            labels = task.LabelLoss(pass, batch);
        }

        Tensor? loss = terms.Count == 0 ? null : terms.Select(entry => entry.Term.Contribution).Aggregate((a, b) => a + b);
        if (weight > 0)
        {
            Tensor own = weight == 1 ? labels : labels * weight;
            loss = loss is null ? own : loss + own;
        }

        if (loss is null)
        {
            throw new RecipeException(
                "recipe", 0, "distill.labels",
                "expected a weight above 0 in a stage that has no other term, or nothing is minimised there, but got 0");
        }

        MethodStep? taught = Array.Find(steps, step => step.TeacherRan);
        Tensor? teacherOutput = taught?.Teacher.Output;
        Tensor? agreements = reader?.Agreements
            ?? (teacherOutput is not null && SameShape(teacherOutput, pass.Output)
                ? task.Agreements(pass.Output, teacherOutput)
                : null);
        List<Tensor> scalars = [loss, labels, reader?.Hits ?? task.Hits(pass, batch)];
        if (agreements is not null)
        {
            scalars.Add(agreements);
        }

        int first = scalars.Count;
        scalars.AddRange(terms.Select(entry => entry.Term.Value));
        double[] values = Read(scalars);
        SortedDictionary<string, double>? byName = null;
        foreach (((string name, LossTerm _), double value) in terms.Zip(values.Skip(first)))
        {
            byName ??= new SortedDictionary<string, double>(StringComparer.Ordinal);
            byName[name] = value;
        }

        return new BatchLoss(
            loss,
            new LossTerms(values[0], values[1], byName?.Values.Sum(), byName),
            (long)values[2],
            agreements is null ? null : (long)values[3],
            Setting("temperature", epoch),
            Setting("alpha", epoch),
            pass.Output,
            teacherOutput);
    }

    private static bool SameShape(Tensor left, Tensor right) => left.shape.SequenceEqual(right.shape);

    private double? Setting(string key, double epoch) => distill.Methods
        .Where(method => teachers.Count > 0 && method.Settings.Has(key))
        .Select(method => (double?)method.Settings.Scheduled(key).At(epoch))
        .FirstOrDefault();
}

/// <summary>Which training an objective is for.</summary>
/// <param name="Seed">Keys what is random in a step.</param>
/// <param name="FirstStage">True in a two-stage method's first stage.</param>
internal readonly record struct StageSettings(ulong Seed, bool FirstStage);
