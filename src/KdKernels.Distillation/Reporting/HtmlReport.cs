namespace KdKernels.Distillation.Reporting;

public static class HtmlReport
{
    public static string Write(string runFolder) => throw new NotSupportedException(runFolder);
}
