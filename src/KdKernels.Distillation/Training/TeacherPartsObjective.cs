using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>Trains what a method puts on top of its teacher; the teacher itself stays as it is.</summary>
internal sealed class TeacherPartsObjective : Objective
{
    private readonly LearningTask task;
    private readonly TeacherNetwork teacher;
    private readonly MethodInstance method;
    private readonly DistillOps ops;
    private readonly ulong seed;
    private readonly Action<byte[]> keep;
    private readonly BatchExpansion expansion;
    private readonly NetworkTaps taps;
    private readonly PartsModule parts = new();

    /// <param name="task">What there is to learn.</param>
    /// <param name="teacher">Stays as it is.</param>
    /// <param name="method">The one with parts on top of the teacher.</param>
    /// <param name="ops">Kernels or composed operations.</param>
    /// <param name="seed">Keys what is random in a step.</param>
    /// <param name="keep">Gets the trained parts when the training is over.</param>
    public TeacherPartsObjective(
        LearningTask task,
        TeacherNetwork teacher,
        MethodInstance method,
        DistillOps ops,
        ulong seed,
        Action<byte[]> keep)
    {
        this.keep = keep;
        this.task = task;
        this.teacher = teacher;
        this.method = method;
        this.ops = ops;
        this.seed = seed;
        expansion = MethodCatalog.Find(method.Recipe.Name)!.Expansion;
        taps = new NetworkTaps(teacher.Network, method.Method.TeacherTaps);
        parts.Add(method.Name, method.Method.TeacherParts!);
    }

    public override nn.Module Parts => parts;

    public override bool Frozen => true;

    public override BatchLoss Of(Batch batch, double epoch, long step)
    {
        long rows = batch.Inputs.shape[0];
        Tensor inputs = Rotations.Expand(batch.Inputs, expansion);
        NetworkPass pass;
        using (no_grad())
        {
            pass = NetworkPass.Run(teacher.Network, taps, inputs, rows);
        }

        IReadOnlyList<LossTerm> terms = method.Method.TeacherTerms(new MethodStep(() => pass, labelWeight: 0)
        {
            Task = task,
            Batch = batch,
            Inputs = inputs,
            Student = pass,
            Epoch = epoch,
            Step = step,
            Seed = seed,
            FirstStage = false,
            Ops = ops,
        });
        Tensor loss = terms.Select(term => term.Contribution).Aggregate((a, b) => a + b);
        Tensor labels;
        using (no_grad())
        {
            labels = task.LabelLoss(pass, batch);
        }

        double[] values = Read([loss, labels, task.Hits(pass, batch), .. terms.Select(term => term.Value)]);
        var byName = new SortedDictionary<string, double>(StringComparer.Ordinal);
        for (int i = 0; i < terms.Count; i++)
        {
            byName[terms[i].Name] = values[3 + i];
        }

        return new BatchLoss(
            loss,
            new LossTerms(values[0], values[1], byName.Values.Sum(), byName),
            (long)values[2],
            null,
            null,
            null,
            pass.Output,
            null);
    }

    public override void Dispose()
    {
        keep(NetworkWeights.Save(method.Method.TeacherParts!, TeacherStages.TrainedParts));
        taps.Dispose();
        method.Method.Dispose();
        parts.Dispose();
    }
}
