using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of AttentionSquared.</summary>
internal sealed class AttentionCaseRun : FeatureCaseRun
{
    private readonly OracleMaps student;
    private readonly OracleMaps teacher;
    private readonly double[]? upstream;
    private readonly DeviceTensor studentMemory;
    private readonly DeviceTensor teacherMemory;
    private readonly DeviceTensor? upstreamMemory;
    private readonly DeviceTensor? loss;
    private readonly DeviceTensor? gradient;

    public AttentionCaseRun(EmulatedGpu gpu, AttentionCase attentionCase)
        : base(gpu, attentionCase)
    {
        AttentionCase c = Case;
        student = MapData.Draw(c.Pattern, c.Type, 1, c.Batch, c.Channels, c.Height, c.Width);
        teacher = c.Pattern switch
        {
            MapPattern.Equal => student,
            MapPattern.Near => MapData.Near(student, c.Type, 0.001),
            // What is wrong with the student must not depend on the teacher.
            MapPattern.NotFinite => Draw(MapPattern.Random),
            _ => Draw(c.Pattern),
        };
        if (c.Pattern == MapPattern.Zeros)
            for (int i = 0; i < student.Channels * student.Pixels; i++) teacher.Values[i] = student.Values[^(i + 1)];
        studentMemory = Features("student", student);
        teacherMemory = Features("teacher", teacher, isTeacher: true);
        int values = c.Samples == KdReduction.None ? c.Batch : 1;
        if (c.Pass == Pass.Backward)
        {
            upstream = [.. Enumerable.Range(0, values).Select(i => 0.75 + (i % 3 * 0.5))];
            upstreamMemory = Input("upstream", KdElementType.Float32, values, 1, 1, upstream);
        }
        else
        {
            loss = Output("loss", KdElementType.Float32, values, 1, 1);
        }

        if (c.Pass != Pass.Forward) gradient = GradientOf(student);
    }

    public override void Execute()
    {
        AttentionCase c = Case;
        var settings = new AttentionSquaredSettings(c.Form, c.Power, c.Reduction, c.Beta, c.Samples);
        var s = new MapView(studentMemory.View, student.Height, student.Width);
        var t = new MapView(teacherMemory.View, teacher.Height, teacher.Width);
        if (upstreamMemory is not null)
            AttentionSquared.Backward(s, t, settings, upstreamMemory.View, gradient!.View, Queue);
        else if (gradient is null)
            AttentionSquared.Forward(s, t, settings, loss!.View, Queue);
        else
            AttentionSquared.ForwardWithGradient(s, t, settings, loss!.View, gradient.View, Queue);
    }

    protected override void Compare(Verdict verdict)
    {
        AttentionCase c = Case;
        AttentionSquaredOracleResult truth = AttentionSquaredOracle.Compute(
            student,
            teacher,
            c.Form == AttentionForm.Paper,
            c.Power,
            c.Reduction == ChannelReduction.Mean,
            c.Beta,
            Oracle.Reduction(c.Samples),
            upstream);
        if (loss is not null)
        {
            double[] expected = c.Samples == KdReduction.None ? truth.SampleLosses : [truth.Loss];
            verdict.CheckRows(expected, loss.Read(), 1, Tolerance, "loss", KdElementType.Float32);
        }

        if (gradient is not null) CheckGradient(verdict, truth.Gradient, gradient, student);
    }

    private OracleMaps Draw(MapPattern pattern)
    {
        AttentionCase c = Case;
        return MapData.Draw(
            pattern,
            c.Type,
            2,
            c.Batch,
            c.TeacherChannels > 0 ? c.TeacherChannels : c.Channels,
            c.TeacherHeight > 0 ? c.TeacherHeight : c.Height,
            c.TeacherWidth > 0 ? c.TeacherWidth : c.Width);
    }
}
