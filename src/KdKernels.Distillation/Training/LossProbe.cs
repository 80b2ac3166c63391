using System.Globalization;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>Runs one batch through a recipe's methods and looks at each term's gradient on its own.</summary>
internal sealed class LossProbe : IDisposable
{
    private readonly Recipe recipe;
    private readonly LearningTask task;
    private readonly nn.Module<Tensor, Tensor> student;
    private readonly TeacherNetwork? teacher;
    private readonly Device device;
    private readonly bool first;
    private readonly IReadOnlyList<MethodInstance> methods;
    private readonly NetworkTaps taps;
    private readonly NetworkTaps? teacherTaps;

    public LossProbe(
        Recipe recipe,
        LearningTask task,
        nn.Module<Tensor, Tensor> student,
        TeacherNetwork? teacher,
        Device device,
        bool first)
    {
        this.recipe = recipe;
        this.task = task;
        this.student = student;
        this.teacher = teacher;
        this.device = device;
        this.first = first;
        methods = MethodFactory.Create(
            recipe.Distill, task, recipe.Student.Model, student, teacher, recipe.Seed, device);
        taps = new NetworkTaps(student, methods.SelectMany(method => method.Method.StudentTaps).Concat(task.Taps));
        teacherTaps = teacher is null
            ? null
            : new NetworkTaps(teacher.Network, methods.SelectMany(method => method.Method.TeacherTaps));
    }

    public IEnumerable<ExplainedTerm> Explain(int stage)
    {
        student.train();
        IBatches batches = task.TrainingBatches(new AugmentRecipe(), recipe.Student.Solver.BatchSize, recipe.Seed, device);
        Batch batch = batches.Load(batches.Plan.Batches(epoch: 0).First().Span, epoch: 0);
        long rows = batch.Inputs.shape[0];
        Tensor inputs = Rotations.Expand(batch.Inputs, Rotations.Of(methods));
        NetworkPass pass = NetworkPass.Run(student, taps, inputs, rows);
        double labels = first ? 0 : recipe.Distill.LabelWeight(epoch: 0);
        var step = new MethodStep(() => Teacher(inputs, rows), labelWeight: 0)
        {
            Task = task,
            Batch = batch,
            Inputs = inputs,
            Student = pass,
            Epoch = 0,
            Step = 0,
            Seed = (ulong)recipe.Seed,
            FirstStage = first,
            Ops = recipe.Distill.Ops,
        };
        List<ExplainedTerm> explained = [];
        if (labels > 0)
        {
            Tensor loss = task.LabelLoss(pass, batch);
            TermContract contract =
                task.LabelContract with { Weight = labels.ToString("G6", CultureInfo.InvariantCulture) };
            explained.Add(Explained("labels", stage, contract, loss, loss * labels, pass));
        }

        foreach (MethodInstance method in methods.Where(method => method.SpeaksIn(first)))
        {
            IReadOnlyList<LossTerm> terms = method.Method.Terms(step);
            foreach (TermContract contract in MethodCatalog.Find(method.Recipe.Name)!.Contract(method.Recipe.Settings))
            {
                LossTerm? term = terms.FirstOrDefault(
                    candidate => string.Equals(candidate.Name, contract.Term, StringComparison.Ordinal));
                if (term is not null)
                {
                    explained.Add(Explained(method.Recipe.Name, stage, contract, term.Value, term.Contribution, pass));
                }
            }
        }

        return explained;
    }

    public void Dispose()
    {
        taps.Dispose();
        teacherTaps?.Dispose();
        foreach (MethodInstance method in methods)
        {
            method.Method.Dispose();
        }
    }

    private static ExplainedTerm Explained(
        string method, int stage, TermContract contract, Tensor value, Tensor contribution, NetworkPass pass)
    {
        (string At, double Scale)? strongest = Scales(contribution, pass)
            .Where(scale => scale.Scale > 0)
            .Cast<(string, double)?>()
            .FirstOrDefault();
        return new ExplainedTerm(
            method, stage, contract, value.detach().to(ScalarType.Float64).cpu().item<double>(), strongest?.At, strongest?.Scale);
    }

    /// <summary>The logits first; the layers only where a term does not reach those.</summary>
    private static IEnumerable<(string At, double Scale)> Scales(Tensor contribution, NetworkPass pass)
    {
        if (!contribution.requires_grad)
        {
            yield break;
        }

        yield return ("logits", Scale(contribution, pass.Expanded));
        foreach ((string name, Tensor tap) in pass.Taps.OrderByDescending(tap => Scale(contribution, tap.Value)))
        {
            yield return (name, Scale(contribution, tap));
        }

        yield return ("first weight", Scale(contribution, pass.Network.parameters().First()));
    }

    private static double Scale(Tensor contribution, Tensor at)
    {
        if (!at.requires_grad)
        {
            return 0;
        }

        Tensor? gradient = autograd.grad([contribution], [at], retain_graph: true, allow_unused: true)[0];
        return gradient is null ? 0 : gradient.to(ScalarType.Float64).square().mean().sqrt().cpu().item<double>();
    }

    private NetworkPass Teacher(Tensor inputs, long rows)
    {
        using var noGrad = no_grad();
        return NetworkPass.Run(teacher!.Network, teacherTaps!, inputs, rows);
    }
}
